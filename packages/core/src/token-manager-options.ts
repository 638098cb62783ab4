import { type Clock, systemClock } from './clock.js';
import { checkBoolean, checkFunction, checkKnownOptions, checkNumber } from './option-checks.js';
import type { RefreshPolicy } from './refresh-time.js';
import { createResponseParser, type IdentityProviderResponseParser } from './response-parser.js';
import type { RetryPolicy } from './retry-policy.js';

/** How a {@link TokenManager} works. Every option is checked at construction: `INVALID_OPTION` names the bad one. */
export interface TokenManagerOptions {
  /** Share of a token's life after which it is renewed: above 0, up to 1. Default 0.7. */
  readonly expirationRefreshRatio?: number;
  /** Renew at the latest this long before expiry: 0, or from 50 to 2,592,000,000 ms (30 days). Default 0. */
  readonly lowerRefreshBoundMs?: number;
  /** Random share of a token's life by which the renewal may be earlier: from 0 to 0.5. Default 0.05. */
  readonly refreshJitterRatio?: number;
  /** How long one request may take: from 100 to 600,000 ms. Default 30,000. Enforced on sources that ignore it, too. */
  readonly requestTimeoutMs?: number;
  /** Least time between two requests, whatever happens: from 50 to 3,600,000 ms. Default 1000. */
  readonly minRequestIntervalMs?: number;
  /** How failed requests are repeated. Each field has its own default. */
  readonly retry?: Partial<RetryPolicy>;
  /** Accept a refreshed token that belongs to another user than the first one. Default `false`: refuse and report. */
  readonly allowIdentityChange?: boolean;
  /** Default: {@link createResponseParser}`()`. */
  readonly responseParser?: IdentityProviderResponseParser;
  /** Default: the machine's clocks. */
  readonly clock?: Clock;
  /** Source of jitter, from 0 up to 1. Default: `Math.random`. */
  readonly random?: () => number;
}

/** The options with every default in place. */
export interface ResolvedTokenManagerOptions extends RefreshPolicy {
  readonly requestTimeoutMs: number;
  readonly minRequestIntervalMs: number;
  readonly retry: RetryPolicy;
  readonly allowIdentityChange: boolean;
  readonly responseParser: IdentityProviderResponseParser;
  readonly clock: Clock;
  readonly random: () => number;
}

/** The option names of {@link TokenManagerOptions}. */
export const TOKEN_MANAGER_OPTION_NAMES: readonly (keyof TokenManagerOptions)[] = [
  'expirationRefreshRatio',
  'lowerRefreshBoundMs',
  'refreshJitterRatio',
  'requestTimeoutMs',
  'minRequestIntervalMs',
  'retry',
  'allowIdentityChange',
  'responseParser',
  'clock',
  'random',
];

const DAY_MS = 86_400_000;

/**
 * Longer than any sensible wait, and the smallest that is not likely to be a number of seconds. The floor of 50 ms
 * refuses `1` and `10` where 1 s and 10 s are meant.
 */
const DELAY = { min: 50, max: 3_600_000, unit: 'ms' } as const;

/** Checks the options and fills in the defaults. Throws `INVALID_OPTION`. */
export function resolveTokenManagerOptions(options: TokenManagerOptions): ResolvedTokenManagerOptions {
  checkKnownOptions('TokenManager', options, TOKEN_MANAGER_OPTION_NAMES);
  const {
    expirationRefreshRatio = 0.7,
    lowerRefreshBoundMs = 0,
    refreshJitterRatio = 0.05,
    requestTimeoutMs = 30_000,
    minRequestIntervalMs = 1000,
    retry = {},
    allowIdentityChange = false,
    responseParser = createResponseParser(),
    clock = systemClock,
    random = Math.random,
  } = options;
  checkNumber('expirationRefreshRatio', expirationRefreshRatio, { min: 0, exclusiveMin: true, max: 1 });
  if (lowerRefreshBoundMs !== 0) {
    checkNumber('lowerRefreshBoundMs, if not 0,', lowerRefreshBoundMs, { ...DELAY, max: 30 * DAY_MS });
  }
  checkNumber('refreshJitterRatio', refreshJitterRatio, { min: 0, max: 0.5 });
  checkNumber('requestTimeoutMs', requestTimeoutMs, { min: 100, max: 600_000, unit: 'ms' });
  checkNumber('minRequestIntervalMs', minRequestIntervalMs, DELAY);
  checkBoolean('allowIdentityChange', allowIdentityChange);
  checkFunction('responseParser.parse', responseParser?.parse);
  for (const name of ['now', 'monotonic', 'schedule'] as const) checkFunction(`clock.${name}`, clock?.[name]);
  checkFunction('random', random);
  return {
    expirationRefreshRatio,
    lowerRefreshBoundMs,
    refreshJitterRatio,
    requestTimeoutMs,
    minRequestIntervalMs,
    retry: resolveRetryPolicy(retry),
    allowIdentityChange,
    responseParser,
    clock,
    random,
  };
}

function resolveRetryPolicy(retry: Partial<RetryPolicy>): RetryPolicy {
  checkKnownOptions('retry', retry, [
    'maxAttempts',
    'initialDelayMs',
    'maxDelayMs',
    'backoffMultiplier',
    'isRetryable',
  ]);
  const {
    maxAttempts = 3,
    initialDelayMs = 1000,
    maxDelayMs = 10_000,
    backoffMultiplier = 2,
    isRetryable,
  } = retry;
  checkNumber('retry.maxAttempts', maxAttempts, { min: 1, max: 100, integer: true });
  checkNumber('retry.initialDelayMs', initialDelayMs, DELAY);
  checkNumber('retry.maxDelayMs', maxDelayMs, DELAY);
  checkNumber('retry.backoffMultiplier', backoffMultiplier, { min: 1, max: 100 });
  if (isRetryable !== undefined) checkFunction('retry.isRetryable', isRetryable);
  return { maxAttempts, initialDelayMs, maxDelayMs, backoffMultiplier, isRetryable };
}
