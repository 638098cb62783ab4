import { randomBytes, randomUUID } from 'node:crypto';

/** The resource of Azure's Redis services: the `aud` of a token asked for with {@link REDIS_SCOPE}. */
export const REDIS_RESOURCE = 'https://redis.azure.com';
/** The application id of the same resource, which Azure takes in its place. */
export const REDIS_RESOURCE_APP_ID = 'acca5fbb-b7e4-4009-81f1-37e38fd66d78';
/** The scope of client credentials requests for Redis (learn.microsoft.com/azure/redis/entra-for-authentication). */
export const REDIS_SCOPE: string = `${REDIS_RESOURCE}/.default`;

/** Entra dates `iat` and `nbf` this far back: the sample tokens of its claims reference last 3900 s for one hour of use. */
const BACKDATED_SECONDS = 300;

/** What an access token is made from. */
export interface AccessTokenSubject {
  readonly tenantId: string;
  readonly clientId: string;
  readonly objectId: string;
  readonly audience: string;
  /** End of life, in seconds since the epoch. */
  readonly expiresAtSeconds: number;
  /** How the client proved itself: 1 by secret, 2 by certificate. */
  readonly authenticationClass: '1' | '2';
}

/** The claims of a v1.0 application token (learn.microsoft.com/entra/identity-platform/access-token-claims-reference). */
export interface AccessTokenClaims {
  readonly aud: string;
  readonly iss: string;
  readonly iat: number;
  readonly nbf: number;
  readonly exp: number;
  readonly aio: string;
  readonly appid: string;
  readonly appidacr: '1' | '2';
  readonly idp: string;
  readonly idtyp: 'app';
  readonly oid: string;
  readonly rh: string;
  readonly sub: string;
  readonly tid: string;
  /** Unique per token. */
  readonly uti: string;
  readonly ver: '1.0';
}

/** The issuer of v1.0 tokens of a tenant. */
export function issuerOf(tenantId: string): string {
  return `https://sts.windows.net/${tenantId}/`;
}

/** Claims for `subject`, issued at `nowMs` (epoch), or just before its end when that is past already. */
export function accessTokenClaims(subject: AccessTokenSubject, nowMs: number): AccessTokenClaims {
  const { tenantId, clientId, objectId, expiresAtSeconds } = subject;
  const issuedAt = Math.min(Math.floor(nowMs / 1000), expiresAtSeconds - 1) - BACKDATED_SECONDS;
  const issuer = issuerOf(tenantId);
  return {
    aud: subject.audience,
    iss: issuer,
    iat: issuedAt,
    nbf: issuedAt,
    exp: expiresAtSeconds,
    aio: `k2RgY${randomBytes(24).toString('base64')}`,
    appid: clientId,
    appidacr: subject.authenticationClass,
    idp: issuer,
    idtyp: 'app',
    oid: objectId,
    rh: `1.${randomUUID()}.`,
    sub: objectId,
    tid: tenantId,
    uti: randomBytes(16).toString('base64url'),
    ver: '1.0',
  };
}

/** The whole second at or after `nowMs + lifetimeMs`: a token never lives shorter than it was asked to. */
export function expirySeconds(nowMs: number, lifetimeMs: number): number {
  return Math.ceil((nowMs + lifetimeMs) / 1000);
}
