import { describe, expect, it } from '@jest/globals';
import { REDIS_APPLICATION_ID, REDIS_RESOURCE, REDIS_SCOPE_DEFAULT } from '../src/index.js';
import { resolveScopes } from '../src/scopes.js';
import { rejection } from './fixtures/rejection.js';

describe('scopes', () => {
  it('M10: has the resource, the scope and the application id that Microsoft documents for Redis', () => {
    expect(REDIS_RESOURCE).toBe('https://redis.azure.com');
    expect(REDIS_SCOPE_DEFAULT).toBe('https://redis.azure.com/.default');
    expect(REDIS_APPLICATION_ID).toBe('acca5fbb-b7e4-4009-81f1-37e38fd66d78');
  });

  it('F11: asks for the scope of Redis unless told otherwise', () => {
    expect(resolveScopes(undefined)).toEqual(['https://redis.azure.com/.default']);
  });

  it('passes scopes on as they are, detached from the array that was given', () => {
    const scopes = [`${REDIS_APPLICATION_ID}/.default`];
    const resolved = resolveScopes(scopes);
    scopes.push('another');
    expect(resolved).toEqual([`${REDIS_APPLICATION_ID}/.default`]);
  });

  it.each([[[]], [null], ['https://redis.azure.com/.default'], [{}], [Number.NaN]])(
    'refuses %p',
    async (scopes) => {
      const error = await rejection(() => resolveScopes(scopes));
      expect(error.code).toBe('INVALID_OPTION');
      expect(error.message).toContain('scopes must be an array of at least one scope');
    },
  );

  it.each([[''], ['a b'], [' a'], [7], [null]])(
    'refuses %p as one of the scopes and says which',
    async (scope) => {
      const error = await rejection(() => resolveScopes(['a/.default', scope]));
      expect(error.code).toBe('INVALID_OPTION');
      expect(error.message).toContain('scopes[1] must be one scope');
    },
  );
});
