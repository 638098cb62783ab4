import { EntraIdError } from './errors.js';

/** Longest token that is decoded, in characters. Entra's are 1.2–3 kB; Redis itself takes a bulk string of 512 MB. */
export const MAX_TOKEN_LENGTH = 65_536;

/** The claims of a JWT that are read here; times are seconds since the epoch (RFC 7519 §4.1). */
export interface JsonWebTokenClaims {
  readonly oid?: unknown;
  readonly exp?: unknown;
  readonly iat?: unknown;
  readonly [claim: string]: unknown;
}

/**
 * The claims of a JWT, without checking its signature: that is the server's job, and the token is opaque to a client
 * but for the claims that Redis needs. Lenient about base64 alphabet and padding. Throws `INVALID_TOKEN`.
 */
export function decodeClaims(token: string): JsonWebTokenClaims {
  if (token.length > MAX_TOKEN_LENGTH) {
    throw unusable(`it has ${token.length} characters, more than ${MAX_TOKEN_LENGTH}`);
  }
  const segments = token.split('.');
  const payload = segments[1];
  if (segments.length !== 3 || payload === undefined || payload.length === 0) {
    throw unusable(`it has ${segments.length} dot-separated segments instead of 3`);
  }
  const claims = parseJson(decodeBase64(payload));
  if (typeof claims !== 'object' || claims === null || Array.isArray(claims)) {
    throw unusable('its payload is not a JSON object');
  }
  return claims as JsonWebTokenClaims;
}

/** A claim that holds a time, in ms since the epoch; `undefined` when absent. Numeric strings are accepted. */
export function claimTimeMs(claims: JsonWebTokenClaims, name: 'exp' | 'iat'): number | undefined {
  const value = claims[name];
  if (value === undefined || value === null) return undefined;
  const seconds = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof seconds === 'number' && Number.isFinite(seconds)) return Math.trunc(seconds) * 1000;
  throw unusable(`its ${name} claim is not a number`);
}

function decodeBase64(text: string): string {
  const base64 = text.replace(/-/g, '+').replace(/_/g, '/').replace(/=+$/, '');
  try {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    // The cause is left out on purpose: its message may quote the token.
    throw unusable('its payload is not base64url');
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // V8's message quotes the text around the error.
    throw unusable('its payload is not JSON');
  }
}

function unusable(reason: string): EntraIdError {
  return new EntraIdError('INVALID_TOKEN', `the token is not a usable JWT: ${reason}`);
}
