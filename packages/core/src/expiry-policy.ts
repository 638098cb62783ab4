import { EntraIdError } from './errors.js';
import { checkKnownOptions, checkNumber } from './option-checks.js';

/**
 * When a server ends a connection that has not signed in again:
 *
 * - `close-at-expiry`: when the token it signed in with expires. Azure (learn.microsoft.com/azure/redis/entra-for-authentication).
 * - `{ maxConnectionAgeMs }`: this long after its last sign-in, whatever the token's life; from 60,000 to 2,592,000,000 ms
 *   (30 days). AWS ElastiCache and MemoryDB with IAM: 43,200,000 (12 h; docs.aws.amazon.com/memorydb, auth-iam).
 * - `connect-only`: never; a token is needed to connect and not afterwards. Google Memorystore with IAM
 *   (cloud.google.com/memorystore, about-iam-auth).
 */
export type ExpiryPolicy = 'close-at-expiry' | 'connect-only' | { readonly maxConnectionAgeMs: number };

const DAY_MS = 86_400_000;

/** A connection with an age limit signs in again after this share of it; what is left is for refusals and retries. */
const RENEWAL_SHARE = 0.7;

/** What a policy has to know about a connection. Times are ms since the epoch. */
export interface SignIn {
  readonly atMs: number;
  readonly tokenExpiresAtMs: number;
  readonly tokenTtlMs: number;
}

/** Throws `INVALID_OPTION`. */
export function checkExpiryPolicy(name: string, policy: ExpiryPolicy): ExpiryPolicy {
  if (policy === 'close-at-expiry' || policy === 'connect-only') return policy;
  if (typeof policy !== 'object' || policy === null) {
    throw new EntraIdError(
      'INVALID_OPTION',
      `${name} must be 'close-at-expiry', 'connect-only' or { maxConnectionAgeMs }, got ${String(policy)}`,
    );
  }
  checkKnownOptions(name, policy, ['maxConnectionAgeMs']);
  const range = { min: 60_000, max: 30 * DAY_MS, unit: 'ms' };
  return { maxConnectionAgeMs: checkNumber(`${name}.maxConnectionAgeMs`, policy.maxConnectionAgeMs, range) };
}

/** When the server closes the connection, in ms since the epoch; infinite when it does not. */
export function closesAtMs(policy: ExpiryPolicy, signIn: SignIn): number {
  if (policy === 'close-at-expiry') return signIn.tokenExpiresAtMs;
  return policy === 'connect-only' ? Number.POSITIVE_INFINITY : signIn.atMs + policy.maxConnectionAgeMs;
}

/** How long the connection may go without signing in again, in ms. */
export function lifeMs(policy: ExpiryPolicy, signIn: SignIn): number {
  if (policy === 'close-at-expiry') return signIn.tokenTtlMs;
  return policy === 'connect-only' ? Number.POSITIVE_INFINITY : policy.maxConnectionAgeMs;
}

/**
 * From when on the connection is due even without a newer token, in ms since the epoch; infinite when only a newer
 * token makes it so, or nothing does.
 */
export function dueAtMs(policy: ExpiryPolicy, signIn: SignIn): number {
  return typeof policy === 'object'
    ? signIn.atMs + policy.maxConnectionAgeMs * RENEWAL_SHARE
    : Number.POSITIVE_INFINITY;
}
