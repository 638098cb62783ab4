import { createServer } from 'node:https';
import { CertificateAuthority } from '../certificate-authority.js';
import type { TypedEventSource } from '../event-hub.js';
import { LoopbackListener } from '../loopback-listener.js';
import { REDIS_SCOPE } from './access-token.js';
import type { RegisteredClient } from './client-registry.js';
import { entraRequestListener } from './entra-endpoints.js';
import { EntraTenant, type IdentityEvents } from './entra-tenant.js';
import type { TokenFailure } from './identity-faults.js';
import {
  type IdentityOptions,
  type ParsedIdentityOptions,
  parseIdentityOptions,
} from './identity-options.js';
import { type IssueTokenOptions, tokenSubject } from './issue-token.js';
import type { JsonWebKeySet } from './signing-key.js';
import { TokenVerifier } from './token-verifier.js';

/**
 * Starts the identity side alone. Rejects with `INVALID_OPTION` for an option it does not take, and with
 * `PORT_UNAVAILABLE` when the port asked for is taken.
 */
export async function startIdentityEmulator(options: IdentityOptions = {}): Promise<IdentityEmulator> {
  return launchIdentityEmulator(parseIdentityOptions(options));
}

/** {@link startIdentityEmulator} for options that are checked already. */
export async function launchIdentityEmulator(options: ParsedIdentityOptions): Promise<IdentityEmulator> {
  const [certificates, tenant] = await Promise.all([
    CertificateAuthority.create(),
    EntraTenant.create(options),
  ]);
  try {
    const certificate = await certificates.issueServerCertificate();
    const listener = await LoopbackListener.listen(
      () => createServer(certificate, entraRequestListener(tenant)),
      options.port,
    );
    return new IdentityEmulator(certificates, tenant, listener);
  } catch (error) {
    await certificates.close();
    throw error;
  }
}

/**
 * Microsoft Entra ID on the loopback address: the v2.0 token endpoint for client credentials, discovery and keys, over
 * https with a certificate of its own authority. Started by {@link startIdentityEmulator}.
 */
export class IdentityEmulator implements TypedEventSource<IdentityEvents>, AsyncDisposable {
  /** `https://localhost:<port>`: what `AZURE_AUTHORITY_HOST` wants. */
  readonly authorityHost: string;
  /** `https://localhost:<port>/<tenantId>`: MSAL's `authority`. */
  readonly authority: string;
  readonly port: number;
  readonly tenantId: string;
  /** Every registered application; `clientId`, `clientSecret` and `objectId` are those of the first. */
  readonly clients: readonly RegisteredClient[];
  readonly clientId: string;
  readonly clientSecret: string;
  readonly objectId: string;
  /** The scope to ask for: `https://redis.azure.com/.default`. */
  readonly scope: string = REDIS_SCOPE;
  /** Issues the server certificates; gives {@link IdentityEmulator.ca}. */
  readonly certificates: CertificateAuthority;
  /** The public keys, as `/discovery/v2.0/keys` lists them. */
  readonly jwks: JsonWebKeySet;
  /** Checks this tenant's tokens; give it to a `RedisGate`. */
  readonly verifier: TokenVerifier;
  readonly #tenant: EntraTenant;
  readonly #listener: LoopbackListener;

  /** @internal */
  constructor(certificates: CertificateAuthority, tenant: EntraTenant, listener: LoopbackListener) {
    this.certificates = certificates;
    this.#tenant = tenant;
    this.#listener = listener;
    this.port = listener.port;
    this.tenantId = tenant.tenantId;
    this.authorityHost = `https://localhost:${listener.port}`;
    this.authority = `${this.authorityHost}/${this.tenantId}`;
    this.clients = tenant.clients.all;
    this.clientId = tenant.clients.first.clientId;
    this.clientSecret = tenant.clients.first.clientSecret;
    this.objectId = tenant.clients.first.objectId;
    this.jwks = tenant.jwks;
    this.verifier = new TokenVerifier({ keys: tenant.jwks, tenantId: tenant.tenantId });
  }

  /** Certificate of the authority behind the https endpoint (PEM), for the `ca` option of TLS clients. */
  get ca(): string {
    return this.certificates.ca;
  }

  /** The same as a file, for `NODE_EXTRA_CA_CERTS`; gone after {@link IdentityEmulator.close}. */
  get caFile(): string {
    return this.certificates.caFile;
  }

  /** Token requests received (POST), refused and failed ones included. */
  get requests(): number {
    return this.#tenant.requests;
  }

  /** Tokens that the token endpoint handed out. */
  get issued(): number {
    return this.#tenant.issued;
  }

  /** Life of the tokens handed out from now on, in ms, 1000 to 100800000. Setting another throws `INVALID_OPTION`. */
  get tokenLifetimeMs(): number {
    return this.#tenant.tokenLifetimeMs;
  }

  set tokenLifetimeMs(value: number) {
    this.#tenant.tokenLifetimeMs = value;
  }

  /** How long each token request waits for its answer, in ms, 0 to 3600000. Default 0. */
  get delayMs(): number {
    return this.#tenant.faults.delayMs;
  }

  set delayMs(value: number) {
    this.#tenant.faults.delayMs = value;
  }

  /** A signed token without a request; it counts as neither requested nor issued. Throws `INVALID_OPTION`. */
  issueToken(options: IssueTokenOptions = {}): string {
    return this.#tenant.sign(tokenSubject(options, this.#tenant, Date.now()));
  }

  /** Makes the next `count` token requests fail (default: 503, `temporarily_unavailable`, AADSTS90033). */
  failNext(count: number, failure: TokenFailure = {}): void {
    this.#tenant.faults.failNext(count, failure);
  }

  /** Leaves token requests without an answer until {@link IdentityEmulator.comeBack}; discovery still answers. */
  hang(): void {
    this.#tenant.faults.hang();
  }

  /** Cuts every connection and refuses new ones until {@link IdentityEmulator.comeBack}. */
  async goDown(): Promise<void> {
    await this.#listener.stop();
  }

  /** Ends {@link IdentityEmulator.goDown} and {@link IdentityEmulator.hang}: same port, and what still waits is answered. */
  async comeBack(): Promise<void> {
    this.#tenant.faults.stopHanging();
    await this.#listener.resume();
  }

  on<Name extends keyof IdentityEvents>(
    name: Name,
    listener: (event: IdentityEvents[Name]) => void,
  ): () => void {
    return this.#tenant.events.on(name, listener);
  }

  once<Name extends keyof IdentityEvents>(
    name: Name,
    matches?: (event: IdentityEvents[Name]) => boolean,
  ): Promise<IdentityEvents[Name]> {
    return this.#tenant.events.once(name, matches);
  }

  /** Stops listening, cuts what is open, removes {@link IdentityEmulator.caFile}. Idempotent. */
  async close(): Promise<void> {
    await this.#listener.close();
    await this.certificates.close();
    this.#tenant.events.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
