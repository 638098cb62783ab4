import { classifyFailure, EntraIdError, isEntraIdError } from '@entraid/core';
import { adviceFor, isTransientAadsts } from './aadsts-advice.js';
import { type Answer, isSuccess, type TokenExchange } from './token-exchange.js';

/** Whom a failed request was about. */
export interface RequestParties {
  /** The authority's host. */
  readonly host: string;
  readonly tenantId: string;
  readonly clientId: string;
}

/** Names of the errors with which MSAL refuses a request by itself, before anything is sent. */
const MSAL_REFUSALS: ReadonlySet<string> = new Set(['ClientAuthError', 'ClientConfigurationError']);

/** Descriptions beyond this are cut, in characters. */
const MAX_DESCRIPTION = 300;

/**
 * The `EntraIdError` for an error out of MSAL, which stays its `cause`. What MSAL's error does not tell comes from
 * `exchange`. `throttledForMs` is how long MSAL will still refuse to ask, should this be its doing.
 */
export function msalFailure(
  error: unknown,
  exchange: TokenExchange,
  parties: RequestParties,
  throttledForMs: number,
): EntraIdError {
  if (isEntraIdError(error)) return error;
  const { answer, networkFailure, posts } = exchange;
  // A ServerError is a token endpoint's answer; with no request sent it is a remembered one.
  if (posts === 0 && textOf(error, 'name') === 'ServerError')
    return throttled(error, parties, throttledForMs);
  if (networkFailure !== undefined) return unreachable(error, networkFailure, parties);
  if (answer !== undefined && (answer.error !== undefined || !isSuccess(answer.status))) {
    return refused(error, answer, parties);
  }
  if (answer?.method === 'GET' && textOf(error, 'errorCode') === 'endpoints_resolution_error') {
    return new EntraIdError(
      'IDENTITY_REJECTED',
      `MSAL does not accept the OpenID configuration of ${parties.host}: it lacks an endpoint, or its issuer is ` +
        'on another host. Check the authority; if that issuer is right, list its host in knownAuthorities.',
      { cause: error },
    );
  }
  if (answer === undefined && posts === 0 && MSAL_REFUSALS.has(textOf(error, 'name') ?? '')) {
    return new EntraIdError('INVALID_OPTION', `MSAL refuses the configuration: ${messageOf(error)}`, {
      cause: error,
    });
  }
  return new EntraIdError(
    classifyFailure(error).retryable ? 'IDENTITY_UNAVAILABLE' : 'IDENTITY_REJECTED',
    `MSAL got no token from ${parties.host}: ${messageOf(error)}`,
    { cause: error },
  );
}

function refused(cause: unknown, answer: Answer, parties: RequestParties): EntraIdError {
  const number = answer.codes[0] ?? aadstsNumber(answer.description);
  const identityCode = number === undefined ? answer.error : `AADSTS${number}`;
  const retryable =
    isTransientAadsts(number) ||
    classifyFailure({ errorCode: answer.error, status: answer.status }).retryable;
  const { host, clientId, tenantId } = parties;
  return new EntraIdError(
    retryable ? 'IDENTITY_UNAVAILABLE' : 'IDENTITY_REJECTED',
    sentences(
      retryable
        ? `${host} cannot issue a token now (HTTP ${answer.status})`
        : `${host} refused application ${clientId} in tenant ${tenantId} (HTTP ${answer.status})`,
      shortDescription(answer.description) ?? answer.error,
      adviceFor([...answer.codes, number, answer.error]),
    ),
    {
      cause,
      ...(identityCode === undefined ? {} : { identityCode }),
      ...(answer.retryAfterMs === undefined ? {} : { retryAfterMs: answer.retryAfterMs }),
    },
  );
}

function throttled(cause: unknown, { host }: RequestParties, retryAfterMs: number): EntraIdError {
  const number =
    /^\d+/.exec(textOf(cause, 'errorCode') ?? '')?.[0] ?? aadstsNumber(textOf(cause, 'errorMessage'));
  return new EntraIdError(
    'IDENTITY_UNAVAILABLE',
    sentences(
      `after its last failure MSAL does not ask ${host} again for another ${Math.ceil(retryAfterMs / 1000)} s`,
      shortDescription(textOf(cause, 'errorMessage')),
    ),
    { cause, retryAfterMs, ...(number === undefined ? {} : { identityCode: `AADSTS${number}` }) },
  );
}

function unreachable(error: unknown, networkFailure: unknown, { host }: RequestParties): EntraIdError {
  return new EntraIdError(
    'IDENTITY_UNAVAILABLE',
    `no usable answer from ${host}: ${describeNetworkFailure(networkFailure)}`,
    { cause: withCause(error, networkFailure) },
  );
}

/** MSAL drops the cause of a network error (msal-common 16.17 `Token.sendPostRequest`); here it gets it back. */
function withCause(error: unknown, cause: unknown): unknown {
  if (typeof error !== 'object' || error === null || 'cause' in error) return error;
  return Object.defineProperty(error, 'cause', { value: cause, configurable: true, writable: true });
}

/** The innermost code says most: `fetch failed` is always the outermost message. */
function describeNetworkFailure(failure: unknown): string {
  let text = 'no response';
  let code: string | undefined;
  for (let node = failure, depth = 0; node !== undefined && depth < 5; depth++) {
    text = textOf(node, 'message') ?? text;
    code = textOf(node, 'code') ?? code;
    node = typeof node === 'object' && node !== null && 'cause' in node ? node.cause : undefined;
  }
  return code === undefined || text.includes(code) ? text : `${code}: ${text}`;
}

function aadstsNumber(text: string | undefined): string | undefined {
  return /AADSTS(\d+)/.exec(text ?? '')?.[1];
}

/** Without the trace and correlation ids, which the cause has. */
function shortDescription(description: string | undefined): string | undefined {
  const text = description
    ?.split(/\s*Trace ID:/)[0]
    ?.replaceAll(/\s+/g, ' ')
    .trim();
  if (text === undefined || text === '') return undefined;
  return text.length > MAX_DESCRIPTION ? `${text.slice(0, MAX_DESCRIPTION)}…` : text;
}

function sentences(subject: string, ...rest: readonly (string | undefined)[]): string {
  const [detail, ...more] = rest.filter((text) => text !== undefined);
  const head = detail === undefined ? subject : `${subject}: ${detail}`;
  return [head, ...more].map((text) => (/[.!?…]$/.test(text) ? text : `${text}.`)).join(' ');
}

function messageOf(error: unknown): string {
  return textOf(error, 'message') ?? String(error);
}

function textOf(value: unknown, key: string): string | undefined {
  const text =
    typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
  return typeof text === 'string' && text !== '' ? text : undefined;
}
