import { EntraIdError } from '@entraid/core';
import type { RedisOptions } from 'ioredis';
import { providerBehind } from './late-bound.js';

/**
 * Refuses a user name or a password of the application's own: ioredis would sign in with it instead of the token.
 * `where` names their place in the message; their values are never printed. Throws `INVALID_OPTION`.
 */
export function refuseOwnCredentials(where: string, options: RedisOptions): void {
  for (const name of ['username', 'password'] as const) {
    const value: unknown = options[name];
    if (value === undefined || value === null || value === '' || providerBehind(value) !== undefined)
      continue;
    throw new EntraIdError(
      'INVALID_OPTION',
      `${where} must not contain a ${name}: user name and password come from the token of the credentials provider`,
    );
  }
}
