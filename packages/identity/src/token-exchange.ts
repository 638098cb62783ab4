import type { NetworkResponse } from './network-client.js';

/** An answer of the identity provider, as far as it is needed to explain a failure. Holds no credential and no token. */
export interface Answer {
  readonly method: 'GET' | 'POST';
  readonly status: number;
  /** OAuth's `error` (RFC 6749 §5.2). */
  readonly error?: string;
  /** For people. */
  readonly description?: string;
  /** The AADSTS numbers, most specific first. */
  readonly codes: readonly string[];
  /** How long to leave the endpoint alone, in ms. */
  readonly retryAfterMs?: number;
}

/** How long MSAL refuses to ask again after 429 or 5xx without a usable `Retry-After` (msal-common 16.17 `ThrottlingUtils`). */
const DEFAULT_THROTTLE_MS = 60_000;

/**
 * What one token request met on the wire. MSAL's errors leave most of it out: the network error's cause, the status of
 * a failed discovery, `Retry-After`, and whether a request was sent at all.
 */
export class TokenExchange {
  readonly signal: AbortSignal;
  /** Requests sent to the token endpoint. */
  posts = 0;
  /** The last answer, if any came. */
  answer: Answer | undefined;
  /** Why the last request got no answer. */
  networkFailure: unknown;

  constructor(signal: AbortSignal) {
    this.signal = signal;
  }

  noteAnswer(method: 'GET' | 'POST', { status, headers, body }: NetworkResponse): void {
    const {
      error,
      error_description: description,
      error_codes: codes,
    } = (body ?? {}) as Record<string, unknown>;
    const retryAfterMs = isSuccess(status) ? undefined : retryAfterOf(method, status, headers);
    this.networkFailure = undefined;
    this.answer = {
      method,
      status,
      ...(typeof error === 'string' ? { error } : {}),
      ...(typeof description === 'string' ? { description } : {}),
      codes: Array.isArray(codes) ? codes.map(String) : [],
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    };
  }
}

/** Whether HTTP calls it a success. */
export function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

/**
 * For the token endpoint this is how long MSAL will answer by itself, asking sooner is pointless: `Retry-After` in
 * seconds, else 60 s after 429 and 5xx. MSAL does not read the HTTP-date form.
 */
function retryAfterOf(
  method: 'GET' | 'POST',
  status: number,
  headers: Record<string, string>,
): number | undefined {
  const header = Object.entries(headers).find(([name]) => name.toLowerCase() === 'retry-after')?.[1];
  const seconds = Number.parseInt(header ?? '', 10);
  if (seconds > 0) return seconds * 1000;
  const throttled = method === 'POST' && (header !== undefined || status === 429 || status >= 500);
  return throttled ? DEFAULT_THROTTLE_MS : undefined;
}
