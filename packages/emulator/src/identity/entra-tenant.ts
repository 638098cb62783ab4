import { EventHub } from '../event-hub.js';
import { type AccessTokenSubject, accessTokenClaims, expirySeconds } from './access-token.js';
import type { ClientRegistry, RegisteredClient } from './client-registry.js';
import { IdentityFaults } from './identity-faults.js';
import { checkTokenLifetime, type ParsedIdentityOptions } from './identity-options.js';
import { type JsonWebKeySet, SigningKey } from './signing-key.js';

/** One answered request. Holds no secret and no token. */
export interface IdentityRequestEvent {
  readonly endpoint: 'token' | 'openid-configuration' | 'keys' | 'instance' | 'unknown';
  readonly method: string;
  /** Path without the query. */
  readonly path: string;
  readonly status: number;
  /** As the caller named itself, known or not; on the token endpoint only. */
  readonly clientId?: string;
  /** The OAuth 2.0 error code of a refusal. */
  readonly error?: string;
  /** The number behind `AADSTS` of a refusal. */
  readonly errorCode?: number;
  /** The caller's `client-request-id`, or the one made up for it. */
  readonly correlationId: string;
  /** When the answer was sent, epoch ms. */
  readonly at: number;
}

/** A token request has come in and waits for its answer. */
export interface TokenRequestEvent {
  /** The caller's `client-request-id`, or the one made up for it. */
  readonly correlationId: string;
  /** Epoch ms. */
  readonly at: number;
}

/** Events of the identity side. */
export interface IdentityEvents {
  /** A token request was received whole, before any delay, `hang()` or answer. */
  readonly received: TokenRequestEvent;
  /** A request was answered, on any endpoint. */
  readonly request: IdentityRequestEvent;
}

/** What the token endpoint hands out. */
export interface GrantedToken {
  readonly accessToken: string;
  readonly expiresInSeconds: number;
}

/** The state behind the endpoints: applications, signing key, faults, counters. */
export class EntraTenant {
  readonly tenantId: string;
  readonly clients: ClientRegistry;
  readonly faults: IdentityFaults = new IdentityFaults();
  readonly events: EventHub<IdentityEvents> = new EventHub();
  readonly jwks: JsonWebKeySet;
  /** Token POSTs received. */
  requests = 0;
  /** Tokens handed out by the token endpoint. */
  issued = 0;
  readonly #key: SigningKey;
  #tokenLifetimeMs: number;

  static async create(options: ParsedIdentityOptions): Promise<EntraTenant> {
    return new EntraTenant(options, await SigningKey.create());
  }

  private constructor(options: ParsedIdentityOptions, key: SigningKey) {
    this.tenantId = options.tenantId;
    this.clients = options.clients;
    this.jwks = { keys: [key.publicKey] };
    this.#key = key;
    this.#tokenLifetimeMs = options.tokenLifetimeMs;
  }

  get tokenLifetimeMs(): number {
    return this.#tokenLifetimeMs;
  }

  set tokenLifetimeMs(value: number) {
    this.#tokenLifetimeMs = checkTokenLifetime('tokenLifetimeMs', value);
  }

  /** A token for the client credentials grant, and its life as `expires_in` states it. */
  grant(client: RegisteredClient, audience: string): GrantedToken {
    const nowMs = Date.now();
    const expiresAtSeconds = expirySeconds(nowMs, this.#tokenLifetimeMs);
    const { clientId, objectId } = client;
    const accessToken = this.sign({
      tenantId: this.tenantId,
      clientId,
      objectId,
      audience,
      expiresAtSeconds,
      authenticationClass: '1',
    });
    this.issued += 1;
    return { accessToken, expiresInSeconds: Math.floor(expiresAtSeconds - nowMs / 1000) };
  }

  /** A signed token for `subject`, whatever it says. */
  sign(subject: AccessTokenSubject): string {
    return this.#key.signJwt(accessTokenClaims(subject, Date.now()));
  }
}
