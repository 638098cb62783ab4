import { EntraIdError } from '@entraid/core';

/**
 * The resource that Redis tokens are issued for, in every cloud that Microsoft documents
 * (learn.microsoft.com/azure/redis/entra-for-authentication; docs.azure.cn says the same for China).
 */
export const REDIS_RESOURCE = 'https://redis.azure.com';

/** The scope that Redis tokens are asked for. The default of every provider here. */
export const REDIS_SCOPE_DEFAULT = 'https://redis.azure.com/.default';

/**
 * The application id of Azure Cache for Redis in Entra ID. `<id>/.default` is the documented alternative scope, for a
 * tenant or cloud that does not know {@link REDIS_RESOURCE} (AADSTS500011).
 */
export const REDIS_APPLICATION_ID = 'acca5fbb-b7e4-4009-81f1-37e38fd66d78';

/** `scopes` with its default in place. Throws `INVALID_OPTION`. */
export function resolveScopes(scopes: unknown): readonly string[] {
  if (scopes === undefined) return [REDIS_SCOPE_DEFAULT];
  if (!Array.isArray(scopes) || scopes.length === 0) {
    throw new EntraIdError(
      'INVALID_OPTION',
      `scopes must be an array of at least one scope such as ${REDIS_SCOPE_DEFAULT}, got ${describe(scopes)}`,
    );
  }
  return Object.freeze(scopes.map(checkScope));
}

/** OAuth joins scopes with spaces (RFC 6749 §3.3), so one that holds a space is several by mistake. */
function checkScope(scope: unknown, index: number): string {
  if (typeof scope === 'string' && /^\S+$/.test(scope)) return scope;
  throw new EntraIdError(
    'INVALID_OPTION',
    `scopes[${index}] must be one scope, a non-empty string without white space, got ${describe(scope)}`,
  );
}

function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 80));
  if (Array.isArray(value)) return 'an empty array';
  return value === null ? 'null' : `a value of type ${typeof value}`;
}
