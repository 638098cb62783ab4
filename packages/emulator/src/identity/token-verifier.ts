import { createHash, createPublicKey, verify } from 'node:crypto';
import { checkGuid, checkKnownOptions, checkList } from '../option-checks.js';
import { issuerOf, REDIS_RESOURCE, REDIS_RESOURCE_APP_ID } from './access-token.js';
import type { JsonWebKeySet } from './signing-key.js';

/** Why a token is refused. Azure tells its clients none of this: every refusal reads the same on the wire. */
export type TokenRefusalReason =
  | 'malformed'
  | 'unknown-key'
  | 'signature'
  | 'issuer'
  | 'audience'
  | 'not-yet-valid'
  | 'expired'
  | 'revoked';

/** What verification found: whose token it is and when its life ends (epoch ms), or why it is refused. */
export type TokenVerdict =
  | { readonly valid: true; readonly objectId: string; readonly expiresAtMs: number }
  | { readonly valid: false; readonly reason: TokenRefusalReason };

/** Where a verifier gets its keys from, and whose tokens it takes. */
export interface TokenVerifierOptions {
  /** The key set, or a function that fetches it; called for each token, so cache where that matters. */
  readonly keys: JsonWebKeySet | (() => JsonWebKeySet | Promise<JsonWebKeySet>);
  /** The tenant whose tokens are taken, a GUID. */
  readonly tenantId: string;
}

const AUDIENCES: readonly unknown[] = [REDIS_RESOURCE, REDIS_RESOURCE_APP_ID];

/** Checks access tokens as the Redis side of Azure must: RS256 signature, issuer, audience, life, and `oid`. */
export class TokenVerifier {
  readonly #keys: TokenVerifierOptions['keys'];
  readonly #issuer: string;
  readonly #revoked = new Set<string>();

  /** Throws `INVALID_OPTION`. */
  constructor(options: TokenVerifierOptions) {
    checkKnownOptions('TokenVerifier', options, ['keys', 'tenantId']);
    const { keys, tenantId } = options;
    if (typeof keys !== 'function') checkList('keys.keys', keys?.keys);
    this.#keys = keys;
    this.#issuer = issuerOf(checkGuid('tenantId', tenantId));
  }

  /** Refuses `token` from now on. Only a digest of it is kept. */
  revoke(token: string): void {
    this.#revoked.add(digest(token));
  }

  /** Never rejects because of the token; rejects only when the keys cannot be had. */
  async verify(token: string): Promise<TokenVerdict> {
    const [header, payload, signature, ...rest] = token.split('.');
    if (!header || !payload || !signature || rest.length > 0) return refused('malformed');
    const { alg, kid } = parseObject(header);
    const claims = parseObject(payload);
    const { oid, exp, nbf } = claims;
    if (alg !== 'RS256' || typeof oid !== 'string' || oid === '' || !isTime(exp) || !isTime(nbf)) {
      return refused('malformed');
    }
    const keySet = typeof this.#keys === 'function' ? await this.#keys() : this.#keys;
    const key = keySet.keys.find((candidate) => candidate.kid === kid);
    if (key === undefined) return refused('unknown-key');
    const publicKey = createPublicKey({ key: { kty: key.kty, n: key.n, e: key.e }, format: 'jwk' });
    const signed = Buffer.from(`${header}.${payload}`);
    if (!verify('RSA-SHA256', signed, publicKey, Buffer.from(signature, 'base64url')))
      return refused('signature');

    if (claims['iss'] !== this.#issuer) return refused('issuer');
    if (!AUDIENCES.includes(claims['aud'])) return refused('audience');
    const nowMs = Date.now();
    if (nowMs < nbf * 1000) return refused('not-yet-valid');
    if (nowMs >= exp * 1000) return refused('expired');
    if (this.#revoked.has(digest(token))) return refused('revoked');
    return { valid: true, objectId: oid, expiresAtMs: exp * 1000 };
  }
}

function refused(reason: TokenRefusalReason): TokenVerdict {
  return { valid: false, reason };
}

function digest(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

/** The JSON object that `part` encodes; empty for anything else. */
function parseObject(part: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
