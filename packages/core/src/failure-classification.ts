import { isEntraIdError } from './errors.js';

/** What a failed token request means for the next one. */
export interface FailureClassification {
  /** Whether asking again soon can help. */
  readonly retryable: boolean;
  /** How long the source asked to be left alone, in ms. */
  readonly retryAfterMs?: number;
  /** The identity provider's own code, e.g. `invalid_client`. */
  readonly identityCode?: string;
}

/** RFC 6749 §5.2 and Microsoft's additions: configuration errors, which the same request will meet again. */
const FATAL_CODES: ReadonlySet<string> = new Set([
  'invalid_client',
  'invalid_grant',
  'invalid_request',
  'invalid_resource',
  'invalid_scope',
  'unauthorized_client',
  'unsupported_grant_type',
  'unsupported_response_type',
  'access_denied',
  'interaction_required',
  'consent_required',
  'login_required',
  'missing_tenant_id_error',
]);

/** OAuth's own word for it, MSAL's codes for a failed HTTP request, and the system's for a failed connection. */
const TRANSIENT_CODES: ReadonlySet<string> = new Set([
  'temporarily_unavailable',
  'server_error',
  'network_error',
  'no_network_connectivity',
  'endpoints_resolution_error',
  'request_timeout',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_SOCKET',
]);

const TRANSIENT_STATUSES: ReadonlySet<number> = new Set([408, 410, 429]);
const FATAL_STATUSES: ReadonlySet<number> = new Set([400, 401, 403]);

/** Causes nest a few levels in the SDKs; a cycle or a monster must not cost more than this. */
const MAX_NODES = 32;

/**
 * Decides whether a failed token request is worth repeating: by code, status and `cause` chain, never by `instanceof`,
 * because an application often holds several copies of an SDK. The first error of the chain with evidence decides;
 * of an aggregate's errors, one that is worth repeating is enough. Without evidence: retry.
 *
 * Sources: RFC 6749 §5.2 (codes), RFC 9110 §10.2.3 (`Retry-After`), the managed identity retry guidance of Microsoft
 * (404 and 410 while the endpoint updates are handled by the SDKs), msal-common 16 (`errorCode`, `status`).
 */
export function classifyFailure(error: unknown): FailureClassification {
  const seen = new Set<unknown>();
  const verdict = classifyNode(error, seen);
  return verdict ?? { retryable: true };
}

function classifyNode(error: unknown, seen: Set<unknown>): FailureClassification | undefined {
  if (typeof error !== 'object' || error === null || seen.has(error) || seen.size >= MAX_NODES)
    return undefined;
  seen.add(error);
  const node = error as Record<string, unknown>;
  if (isEntraIdError(error)) {
    return verdict(error.retryable, error.retryAfterMs, error.identityCode);
  }
  const own = classifyOwn(node);
  if (own !== undefined) return own;
  if (Array.isArray(node['errors'])) {
    const verdicts = node['errors'].map((inner) => classifyNode(inner, seen)).filter((v) => v !== undefined);
    const worthRepeating = verdicts.find((v) => v.retryable) ?? verdicts[0];
    if (worthRepeating !== undefined) return worthRepeating;
  }
  return classifyNode(node['cause'], seen);
}

function classifyOwn(node: Record<string, unknown>): FailureClassification | undefined {
  const code = firstString(node['errorCode'], node['code'], node['error']);
  const status = firstNumber(node['status'], node['statusCode'], statusOf(node['response']));
  const retryAfterMs = retryAfterOf(node);
  if (status !== undefined && (status >= 500 || TRANSIENT_STATUSES.has(status))) {
    return verdict(true, retryAfterMs, code);
  }
  if (code !== undefined && TRANSIENT_CODES.has(code)) return verdict(true, retryAfterMs, code);
  if (code !== undefined && FATAL_CODES.has(code)) return verdict(false, retryAfterMs, code);
  if (node['name'] === 'TimeoutError' || node['name'] === 'AbortError')
    return verdict(true, retryAfterMs, code);
  if (status !== undefined && FATAL_STATUSES.has(status)) return verdict(false, retryAfterMs, code);
  return retryAfterMs === undefined ? undefined : verdict(true, retryAfterMs, code);
}

function verdict(retryable: boolean, retryAfterMs?: number, identityCode?: string): FailureClassification {
  return {
    retryable,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(identityCode === undefined ? {} : { identityCode }),
  };
}

function retryAfterOf(node: Record<string, unknown>): number | undefined {
  const ms = firstNumber(node['retryAfterMs'], node['retryAfterInMs']);
  if (ms !== undefined) return Math.max(0, ms);
  const header =
    headerOf(node['headers']) ?? headerOf((node['response'] as { headers?: unknown } | undefined)?.headers);
  // The HTTP-date form is left to the SDKs: it would need the server's clock.
  const seconds = header === undefined ? Number.NaN : Number(header);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}

/** `retry-after` from a `Headers` object, a map with `get`, or a plain record. */
function headerOf(headers: unknown): string | undefined {
  if (typeof headers !== 'object' || headers === null) return undefined;
  const { get } = headers as { get?: unknown };
  const value: unknown =
    typeof get === 'function'
      ? get.call(headers, 'retry-after')
      : ((headers as Record<string, unknown>)['retry-after'] ??
        (headers as Record<string, unknown>)['Retry-After']);
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

function statusOf(response: unknown): unknown {
  return typeof response === 'object' && response !== null
    ? (response as { status?: unknown }).status
    : undefined;
}

function firstString(...values: readonly unknown[]): string | undefined {
  return values.find((value): value is string => typeof value === 'string' && value.length > 0);
}

function firstNumber(...values: readonly unknown[]): number | undefined {
  return values.find((value): value is number => typeof value === 'number' && Number.isFinite(value));
}
