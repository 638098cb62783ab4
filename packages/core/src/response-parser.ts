import { EntraIdError } from './errors.js';
import type { IdentityProviderResponse } from './identity-provider-response.js';
import { claimTimeMs, decodeClaims, type JsonWebTokenClaims } from './json-web-token.js';
import { checkFunction, checkKnownOptions } from './option-checks.js';
import { Token } from './token.js';
import { tokenLifetime } from './token-lifetime.js';

/** Turns what an identity provider answered into a {@link Token}. */
export interface IdentityProviderResponseParser {
  /** Throws an `EntraIdError` (`INVALID_RESPONSE`, `INVALID_TOKEN`, `TOKEN_EXPIRED`) when it cannot. */
  parse(response: IdentityProviderResponse, context: ParseContext): Token;
}

/** When the response arrived. */
export interface ParseContext {
  /** This machine's wall clock in ms since the epoch. */
  readonly nowMs: number;
}

/** What a {@link CredentialsMapper} sees of a response. */
export interface TokenContents {
  /** The token as it came. */
  readonly token: string;
  /** Its claims; `undefined` when it is not a JWT. */
  readonly claims: JsonWebTokenClaims | undefined;
}

/** What a {@link CredentialsMapper} answers. */
export interface MappedCredentials {
  /** The Redis user. */
  readonly username: string;
  /** Default: the token itself. */
  readonly password?: string;
  /** When it expires, in ms since the epoch. Default: what the SDK or the `exp` claim says. */
  readonly expiresAtMs?: number;
}

/** Chooses user and password for tokens that are not Entra ID's: opaque ones, ones without `oid`, other clouds'. */
export type CredentialsMapper = (contents: TokenContents) => MappedCredentials;

export interface ResponseParserOptions {
  /** Default: username = the `oid` claim, password = the token. */
  readonly credentialsMapper?: CredentialsMapper;
}

/**
 * The default parser. Username: the `oid` claim, which Azure takes as the Redis user; a missing or empty one is an
 * error, never the `default` user. Password: the token. Life: see {@link tokenLifetime}. The signature is not checked,
 * the server does that. Throws `INVALID_OPTION` for an unknown option.
 */
export function createResponseParser(options: ResponseParserOptions = {}): IdentityProviderResponseParser {
  checkKnownOptions('createResponseParser', options, ['credentialsMapper']);
  const { credentialsMapper } = options;
  if (credentialsMapper !== undefined) checkFunction('credentialsMapper', credentialsMapper);

  return {
    parse(response, { nowMs }) {
      const { token, expiresAtMs, refreshAtMs } = read(response);
      const claims = credentialsMapper === undefined ? decodeClaims(token) : decodeClaimsIfAny(token);
      const mapped: MappedCredentials =
        credentialsMapper === undefined
          ? { username: objectId(claims) }
          : credentialsMapper({ token, claims });
      const sdkExpiresAtMs = mapped.expiresAtMs ?? expiresAtMs;
      const expMs = claims === undefined ? undefined : claimTimeMs(claims, 'exp');
      if (sdkExpiresAtMs === undefined && expMs === undefined) {
        throw new EntraIdError(
          'INVALID_TOKEN',
          'the token has no expiry: neither the response nor an exp claim tells one',
        );
      }
      const iatMs = claims === undefined ? undefined : claimTimeMs(claims, 'iat');
      const { ttlMs, clockSkewMs } = tokenLifetime({ nowMs, sdkExpiresAtMs, expMs, iatMs });
      if (!(ttlMs > 0)) throw expired(ttlMs, nowMs);
      return new Token({
        username: mapped.username,
        password: mapped.password ?? token,
        receivedAtMs: nowMs,
        expiresAtMs: nowMs + ttlMs,
        ttlMs,
        refreshAtMs,
        clockSkewMs,
      });
    },
  };
}

interface ReadResponse {
  readonly token: string;
  readonly expiresAtMs?: number | undefined;
  readonly refreshAtMs?: number | undefined;
}

function read(response: IdentityProviderResponse | null | undefined): ReadResponse {
  switch (response?.type) {
    case 'AuthResult': {
      const { accessToken, expiresOn, refreshOn } = payload(response, response.authResult);
      return {
        token: present(response, accessToken),
        expiresAtMs: dateMs('expiresOn', expiresOn),
        refreshAtMs: dateMs('refreshOn', refreshOn),
      };
    }
    case 'AccessToken': {
      const { token, expiresOnTimestamp, refreshAfterTimestamp } = payload(response, response.accessToken);
      return {
        token: present(response, token),
        expiresAtMs: epochMs('expiresOnTimestamp', expiresOnTimestamp),
        refreshAtMs: epochMs('refreshAfterTimestamp', refreshAfterTimestamp),
      };
    }
    case 'RawToken':
      return { token: present(response, response.rawToken) };
    default:
      throw new EntraIdError(
        'INVALID_RESPONSE',
        'an identity provider must answer with authResult(), accessToken() or rawToken(), ' +
          `got ${response === null || response === undefined ? String(response) : `type ${JSON.stringify((response as { type?: unknown }).type)}`}`,
      );
  }
}

function payload<T>(response: IdentityProviderResponse, value: T | null | undefined): T {
  if (typeof value === 'object' && value !== null) return value;
  throw new EntraIdError('INVALID_RESPONSE', `the ${response.type} response has no payload`);
}

function present(response: IdentityProviderResponse, token: unknown): string {
  if (typeof token === 'string' && token.length > 0) return token;
  throw new EntraIdError('INVALID_RESPONSE', `the ${response.type} response has no token`);
}

function dateMs(field: string, date: Date | null | undefined): number | undefined {
  // Duck-typed: a Date may come from another realm.
  return date === null || date === undefined ? undefined : epochMs(field, date.getTime());
}

/** 1 January 2000: a smaller number of milliseconds is a number of seconds. */
const EARLIEST_EPOCH_MS = 946_684_800_000;

function epochMs(field: string, value: number | null | undefined): number | undefined {
  if (value === null || value === undefined) return undefined;
  if (typeof value === 'number' && value >= EARLIEST_EPOCH_MS && Number.isFinite(value)) return value;
  const hint = value > 0 && value < EARLIEST_EPOCH_MS ? ' (seconds?)' : '';
  throw new EntraIdError(
    'INVALID_RESPONSE',
    `${field} must be a time in ms since the epoch, got ${String(value)}${hint}`,
  );
}

function objectId(claims: JsonWebTokenClaims | undefined): string {
  const oid = claims?.oid;
  if (typeof oid === 'string' && oid.length > 0) return oid;
  throw new EntraIdError(
    'INVALID_TOKEN',
    'the token has no oid claim, which Azure takes as the Redis user; for tokens of another kind give a credentialsMapper',
  );
}

function decodeClaimsIfAny(token: string): JsonWebTokenClaims | undefined {
  try {
    return decodeClaims(token);
  } catch {
    return undefined;
  }
}

function expired(ttlMs: number, nowMs: number): EntraIdError {
  return new EntraIdError(
    'TOKEN_EXPIRED',
    `the identity source gave a token that expired ${(-ttlMs / 1000).toFixed(1)} s before it was received; ` +
      `this machine's clock says ${new Date(nowMs).toISOString()}`,
  );
}
