import { inspect } from 'node:util';
import { describe, expect, it, jest } from '@jest/globals';
import { EntraIdError, type EntraIdErrorCode, isEntraIdError } from '../src/index.js';
import { unsignedJwt } from '../src/testing/index.js';

/** Every code, and whether asking again without a change of configuration can help. */
const RETRYABLE: Record<EntraIdErrorCode, boolean> = {
  INVALID_OPTION: false,
  INVALID_RESPONSE: false,
  INVALID_TOKEN: false,
  TOKEN_EXPIRED: true,
  IDENTITY_CHANGED: false,
  IDENTITY_REJECTED: false,
  IDENTITY_UNAVAILABLE: true,
  REAUTHENTICATION_FAILED: true,
  CONNECTION_AT_RISK: false,
  ABORTED: false,
  CLOSED: false,
  DEPENDENCY_MISSING: false,
};
const codes = Object.entries(RETRYABLE) as [EntraIdErrorCode, boolean][];

describe('new EntraIdError', () => {
  it.each(codes)('%s has retryable %s by default', (code, retryable) => {
    const error = new EntraIdError(code, 'what happened');
    expect(error).toBeInstanceOf(Error);
    expect(error.name).toBe('EntraIdError');
    expect(error.code).toBe(code);
    expect(error.message).toBe('what happened');
    expect(error.retryable).toBe(retryable);
    expect(String(error)).toBe('EntraIdError: what happened');
  });

  it.each(codes)('%s takes the retryable that it is given, either way', (code) => {
    expect(new EntraIdError(code, 'x', { retryable: true }).retryable).toBe(true);
    expect(new EntraIdError(code, 'x', { retryable: false }).retryable).toBe(false);
  });

  it('keeps the cause itself, whatever it is', () => {
    for (const cause of [new Error('under'), 'text', null, undefined, 0]) {
      const error = new EntraIdError('CLOSED', 'x', { cause });
      expect(Object.hasOwn(error, 'cause')).toBe(true);
      expect(error.cause).toBe(cause);
    }
  });

  it('has no cause when none is given', () => {
    expect(Object.hasOwn(new EntraIdError('CLOSED', 'x'), 'cause')).toBe(false);
    expect(Object.hasOwn(new EntraIdError('CLOSED', 'x', { retryable: true }), 'cause')).toBe(false);
  });

  it('carries the details that it is given, 0 included, and no others', () => {
    const details = { retryAfterMs: 0, identityCode: 'invalid_client', connectionId: 'host:6380/1' };
    expect(new EntraIdError('CLOSED', 'x', details)).toMatchObject(details);
    const bare = new EntraIdError('CLOSED', 'x');
    for (const name of Object.keys(details)) expect(Object.hasOwn(bare, name)).toBe(false);
  });

  it('has a stack that starts where it was made', () => {
    expect(new EntraIdError('CLOSED', 'x').stack).toContain('errors.test.ts');
  });

  it('says in JSON its code and what to do, and neither message nor cause', () => {
    const error = new EntraIdError('IDENTITY_UNAVAILABLE', 'x', { retryAfterMs: 5, cause: new Error('y') });
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      name: 'EntraIdError',
      code: 'IDENTITY_UNAVAILABLE',
      retryable: true,
      retryAfterMs: 5,
    });
  });
});

describe('EntraIdError and secrets', () => {
  const jwt = unsignedJwt({ oid: 'x', secret: 'y' });

  it.each([
    ['a whole JWT', jwt],
    ['a JWT without its signature', jwt.slice(0, jwt.lastIndexOf('.'))],
    ['the first 40 characters of one', jwt.slice(0, 40)],
  ])('replaces %s in its message, its stack and inspect', (_, quoted) => {
    const error = new EntraIdError('REAUTHENTICATION_FAILED', `ERR unknown user '${quoted}'`);
    expect(error.message).toBe("ERR unknown user '[redacted token]'");
    for (const text of [error.stack, String(error), inspect(error, { showHidden: true, depth: null })]) {
      expect(text).not.toContain('eyJ');
    }
  });

  it('does not touch the cause, which stays the error that the application knows', () => {
    const cause = new Error('under');
    const error = new EntraIdError('CLOSED', 'x', { cause });
    expect(error.cause).toBe(cause);
    expect(cause.message).toBe('under');
  });
});

describe('isEntraIdError', () => {
  it('holds for every code, and through freezing', () => {
    for (const [code] of codes) expect(isEntraIdError(new EntraIdError(code, 'x'))).toBe(true);
    expect(isEntraIdError(Object.freeze(new EntraIdError('CLOSED', 'x')))).toBe(true);
  });

  it('holds across two loaded copies of the package, where instanceof does not', async () => {
    jest.resetModules();
    const copy = await import('../src/errors.js');
    expect(copy.EntraIdError).not.toBe(EntraIdError);
    const theirs = new copy.EntraIdError('IDENTITY_REJECTED', 'x');
    const ours = new EntraIdError('IDENTITY_REJECTED', 'x');
    expect(theirs).not.toBeInstanceOf(EntraIdError);
    expect(isEntraIdError(theirs)).toBe(true);
    expect(copy.isEntraIdError(ours)).toBe(true);
  });

  it('knows an error by the symbol @entraid/core.EntraIdError of the global registry, whatever its class', () => {
    const brand = Symbol.for('@entraid/core.EntraIdError');
    expect(isEntraIdError({ [brand]: true })).toBe(true);
    expect(Object.getOwnPropertyDescriptor(new EntraIdError('CLOSED', 'x'), brand)).toMatchObject({
      value: true,
      enumerable: false,
    });
  });

  it('does not hold for look-alikes and for what is no object', () => {
    const lookAlike = { name: 'EntraIdError', code: 'CLOSED', message: 'x', retryable: false };
    for (const value of [lookAlike, new Error('x'), null, undefined, 'CLOSED', 42, () => undefined, {}]) {
      expect(isEntraIdError(value)).toBe(false);
    }
    expect(isEntraIdError(Object.assign({}, new EntraIdError('CLOSED', 'x')))).toBe(false);
    expect(isEntraIdError(new Error('x', { cause: new EntraIdError('CLOSED', 'x') }))).toBe(false);
  });
});
