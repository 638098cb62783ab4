import { checkExpiryPolicy } from './expiry-policy.js';
import { checkFunction, checkKnownOptions, checkNumber } from './option-checks.js';
import type { ReauthenticatorOptions } from './reauthentication.js';

/** The options with every default in place. */
export type ResolvedReauthenticatorOptions = Required<ReauthenticatorOptions>;

/** Checks the options and fills in the defaults. Throws `INVALID_OPTION`. */
export function resolveReauthenticatorOptions(
  options: ReauthenticatorOptions,
): ResolvedReauthenticatorOptions {
  checkKnownOptions('reauthentication', options, [
    'expiryPolicy',
    'windowMs',
    'maxConcurrency',
    'authTimeoutMs',
    'random',
  ]);
  const {
    expiryPolicy = 'close-at-expiry',
    windowMs = 30_000,
    maxConcurrency = 64,
    authTimeoutMs = 10_000,
    random = Math.random,
  } = options;
  checkNumber('reauthentication.windowMs', windowMs, { min: 0, max: 600_000, unit: 'ms' });
  checkNumber('reauthentication.maxConcurrency', maxConcurrency, { min: 1, max: 10_000, integer: true });
  checkNumber('reauthentication.authTimeoutMs', authTimeoutMs, { min: 100, max: 600_000, unit: 'ms' });
  checkFunction('reauthentication.random', random);
  return {
    expiryPolicy: checkExpiryPolicy('reauthentication.expiryPolicy', expiryPolicy),
    windowMs,
    maxConcurrency,
    authTimeoutMs,
    random,
  };
}
