import { EntraIdError } from './errors.js';

/** The part of `@azure/msal-node`'s `AuthenticationResult` that is read here (msal-node 7.2). */
export interface AuthResultPayload {
  /** The access token: a JWT. */
  readonly accessToken: string;
  /** When it expires. MSAL computes it on this machine's clock from `expires_in`. */
  readonly expiresOn?: Date | null;
  /** When MSAL would like to renew it. */
  readonly refreshOn?: Date | null;
}

/** The part of `@azure/core-auth`'s `AccessToken` that is read here (core-auth 1.10). */
export interface AccessTokenPayload {
  /** The access token: a JWT. */
  readonly token: string;
  /** When it expires, in ms since the epoch. */
  readonly expiresOnTimestamp?: number;
  /** When the SDK would like to renew it, in ms since the epoch. */
  readonly refreshAfterTimestamp?: number;
}

/** What MSAL answers. Made by {@link authResult}. */
export interface AuthResultResponse {
  readonly type: 'AuthResult';
  readonly authResult: AuthResultPayload;
}

/** What the Azure SDK's credentials answer. Made by {@link accessToken}. */
export interface AccessTokenResponse {
  readonly type: 'AccessToken';
  readonly accessToken: AccessTokenPayload;
}

/** A bare token, whose expiry only the token itself tells. Made by {@link rawToken}. */
export interface RawTokenResponse {
  readonly type: 'RawToken';
  readonly rawToken: string;
}

/** The three kinds of answer that an identity provider may give, told apart by `type`. */
export type IdentityProviderResponse = AuthResultResponse | AccessTokenResponse | RawTokenResponse;

/** Wraps an MSAL result. Throws `INVALID_RESPONSE` when it is missing or holds no access token. */
export function authResult(payload: AuthResultPayload | null | undefined): AuthResultResponse {
  requireObject('authResult', payload);
  requireToken('authResult', 'accessToken', payload.accessToken);
  return concealed('AuthResult', 'authResult', payload);
}

/** Wraps an Azure SDK access token. Throws `INVALID_RESPONSE` when it is missing or holds no token. */
export function accessToken(payload: AccessTokenPayload | null | undefined): AccessTokenResponse {
  requireObject('accessToken', payload);
  requireToken('accessToken', 'token', payload.token);
  return concealed('AccessToken', 'accessToken', payload);
}

/** Wraps a bare token. Throws `INVALID_RESPONSE` when it is not a string or is empty. */
export function rawToken(token: string | null | undefined): RawTokenResponse {
  requireToken('rawToken', 'token', token);
  return concealed('RawToken', 'rawToken', token);
}

/** What `util.inspect` calls (nodejs.org/api/util.html, custom inspection). */
const INSPECT = Symbol.for('nodejs.util.inspect.custom');

/** The payload is behind an accessor, so that printing, serialising or spreading a response does not show the token. */
function concealed<T extends IdentityProviderResponse>(type: T['type'], key: string, payload: unknown): T {
  const accessors = {
    get [key](): unknown {
      return payload;
    },
    toJSON: () => ({ type }),
    [INSPECT]: () => `${type} response [redacted]`,
  };
  return Object.freeze(Object.create(accessors, { type: { value: type, enumerable: true } })) as T;
}

function requireObject<T>(constructorName: string, payload: T | null | undefined): asserts payload is T {
  if (typeof payload === 'object' && payload !== null) return;
  throw new EntraIdError(
    'INVALID_RESPONSE',
    `${constructorName}() takes the identity SDK's answer, got ${payload === null ? 'null' : typeof payload}`,
  );
}

function requireToken(constructorName: string, field: string, token: unknown): asserts token is string {
  if (typeof token === 'string' && token.length > 0) return;
  throw new EntraIdError(
    'INVALID_RESPONSE',
    `${constructorName}() needs a non-empty string as ${field}, got ${token === '' ? 'an empty string' : typeof token}`,
  );
}
