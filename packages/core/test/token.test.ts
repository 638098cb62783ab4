import { format, inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { type EntraIdError, Token, type TokenInit } from '../src/index.js';

const SECRET = 'the-secret-of-this-token';
const RECEIVED_MS = Date.UTC(2026, 0, 1);
const EXPIRES_MS = RECEIVED_MS + 3_600_000;

const init: TokenInit = {
  username: 'user-1',
  password: SECRET,
  receivedAtMs: RECEIVED_MS,
  expiresAtMs: EXPIRES_MS,
};
const full: TokenInit = {
  ...init,
  ttlMs: 3_540_000,
  refreshAtMs: RECEIVED_MS + 1_800_000,
  clockSkewMs: -90_000,
  version: 7,
};

/** What `new Token` throws for `overrides`, which may be of any type. */
function refusal(overrides: object): EntraIdError {
  try {
    new Token({ ...full, ...overrides });
  } catch (error) {
    return error as EntraIdError;
  }
  throw new Error('the token was accepted');
}

describe('new Token', () => {
  it('[T1 T2 T3] gives all eight values back unchanged, the life in ms and the secret as password', () => {
    const token = new Token(full);
    expect(token.username).toBe('user-1');
    expect(token.password).toBe(SECRET);
    expect(token.receivedAtMs).toBe(RECEIVED_MS);
    expect(token.expiresAtMs).toBe(EXPIRES_MS);
    expect(token.ttlMs).toBe(3_540_000);
    expect(token.refreshAtMs).toBe(RECEIVED_MS + 1_800_000);
    expect(token.clockSkewMs).toBe(-90_000);
    expect(token.version).toBe(7);
  });

  it('takes the life from receipt to expiry when none is given: 3,600,000 ms', () => {
    expect(new Token(init).ttlMs).toBe(3_600_000);
  });

  it('has version 0, no hint and no measured skew when none is given', () => {
    const { version, refreshAtMs, clockSkewMs } = new Token(init);
    expect({ version, refreshAtMs, clockSkewMs }).toEqual({
      version: 0,
      refreshAtMs: undefined,
      clockSkewMs: undefined,
    });
  });

  it.each(['username', 'password'])('refuses an empty or missing %s, or one of another type', (field) => {
    for (const value of ['', undefined, null, 42, {}, ['x']]) {
      const error = refusal({ [field]: value });
      expect(error).toMatchObject({ code: 'INVALID_TOKEN', retryable: false });
      expect(error.message).toContain(field);
    }
  });

  it('[T6 T7] refuses a missing or unusable expiry or receipt instead of guessing one', () => {
    for (const field of ['expiresAtMs', 'receivedAtMs']) {
      for (const value of [undefined, null, Number.NaN, Infinity, -Infinity, '1767225600000', new Date(0)]) {
        const error = refusal({ [field]: value });
        expect(error).toMatchObject({ code: 'INVALID_TOKEN' });
        expect(error.message).toContain(field);
        expect(error.message).toContain(String(value));
      }
    }
  });

  it.each(['ttlMs', 'refreshAtMs', 'clockSkewMs', 'version'])(
    'refuses a %s that is not a finite number',
    (field) => {
      for (const value of [Number.NaN, Infinity, -Infinity, '1000', {}]) {
        const error = refusal({ [field]: value });
        expect(error).toMatchObject({ code: 'INVALID_TOKEN' });
        expect(error.message).toContain(field);
      }
    },
  );

  it('keeps the secret out of what it throws', () => {
    for (const field of ['username', 'expiresAtMs', 'version']) {
      expect(inspect(refusal({ [field]: Number.NaN }), { depth: null })).not.toContain(SECRET);
    }
  });

  it('accepts a user and a secret of 1 character', () => {
    const token = new Token({ ...init, username: 'u', password: 'p' });
    expect([token.username, token.password]).toEqual(['u', 'p']);
  });

  it('accepts 0 as a time, which is a moment like any other', () => {
    expect(new Token({ ...init, receivedAtMs: 0, expiresAtMs: 0 }).ttlMs).toBe(0);
  });
});

describe('Token.withVersion', () => {
  it('[T4] gives another instance that differs in its version alone', () => {
    const original = new Token(full);
    const copy = original.withVersion(8);
    expect(copy).not.toBe(original);
    expect(Object.assign({}, copy)).toEqual(Object.assign({}, original, { version: 8 }));
    expect(copy.password).toBe(SECRET);
    expect(original.version).toBe(7);
  });

  it('[T4 T5] is made of an existing token only, and nothing changes either of the two', () => {
    const original = new Token(full);
    const copy = original.withVersion(8);
    for (const token of [original, copy]) {
      expect(Object.isFrozen(token)).toBe(true);
      expect(() => Object.assign(token, { username: 'mallory' })).toThrow(TypeError);
      expect(() => Object.assign(token, { password: 'mallory' })).toThrow(TypeError);
      expect(token.username).toBe('user-1');
      expect(token.password).toBe(SECRET);
    }
  });
});

describe('Token as text', () => {
  const token = new Token(full);

  it('hides the secret from inspect at every depth, with hidden properties, and without custom inspection', () => {
    const holders = [
      token,
      [token],
      { a: { b: { c: { d: token } } } },
      new Map([[token, token]]),
      Object.assign(new Error('x'), { token }),
      new Error('x', { cause: token }),
    ];
    const ways = [
      {},
      { depth: 3 },
      { depth: null },
      { depth: null, showHidden: true },
      { customInspect: false, showHidden: true, depth: null },
      { getters: true, depth: null },
    ];
    for (const holder of holders) {
      for (const way of ways) expect(inspect(holder, way)).not.toContain(SECRET);
    }
  });

  it('hides it from the six format specifiers of console.log', () => {
    for (const specifier of ['%s', '%d', '%j', '%o', '%O', '%i']) {
      expect(format(specifier, token)).not.toContain(SECRET);
    }
  });

  it('hides it from JSON, String(), copying, cloning and own keys', () => {
    const shown = [
      JSON.stringify({ deep: [token] }),
      String(token),
      JSON.stringify(Object.assign({}, token)),
      JSON.stringify(structuredClone(token)),
      Reflect.ownKeys(token).join(),
      JSON.stringify(Object.entries(token)),
    ];
    for (const text of shown) expect(text).not.toContain(SECRET);
    expect(Reflect.ownKeys(token)).not.toContain('password');
    expect(structuredClone<object>(token)).not.toHaveProperty('password');
  });

  it('says in JSON everything else, and that the secret was left out', () => {
    expect(JSON.parse(JSON.stringify(token))).toEqual({
      username: 'user-1',
      receivedAtMs: RECEIVED_MS,
      expiresAtMs: EXPIRES_MS,
      ttlMs: 3_540_000,
      refreshAtMs: RECEIVED_MS + 1_800_000,
      clockSkewMs: -90_000,
      version: 7,
      password: '[redacted]',
    });
  });

  it('prints user, version and expiry, in inspect as in String()', () => {
    expect(String(token)).toBe('Token(user-1, version 7, expires 2026-01-01T01:00:00.000Z)');
    expect(inspect(token)).toBe(String(token));
    expect(inspect([token], { depth: null })).toBe(`[ ${String(token)} ]`);
  });

  it('prints an expiry beyond what a Date holds, 8.64e15 ms, as a number', () => {
    const at = (expiresAtMs: number): string => String(new Token({ ...init, expiresAtMs }));
    expect(at(8.64e15)).toContain('expires +275760-09-13T00:00:00.000Z)');
    expect(at(8.64e15 + 1)).toContain('expires 8640000000000001 ms)');
    expect(at(-8.64e15)).toContain('expires -271821-04-20T00:00:00.000Z)');
    expect(at(-8.64e15 - 1)).toContain('expires -8640000000000001 ms)');
  });
});
