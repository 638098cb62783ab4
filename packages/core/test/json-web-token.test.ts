import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { EntraIdError } from '../src/index.js';
import { claimTimeMs, decodeClaims, MAX_TOKEN_LENGTH } from '../src/json-web-token.js';
import { unsignedJwt } from '../src/testing/index.js';

/** A token around a payload segment that is given as it is. */
const around = (payload: string): string => `eyJhbGciOiJub25lIn0.${payload}.c2ln`;
const base64 = (text: string | Uint8Array): string => Buffer.from(text).toString('base64');
const base64url = (text: string | Uint8Array): string => Buffer.from(text).toString('base64url');

function refusal(run: () => unknown): EntraIdError {
  try {
    run();
  } catch (error) {
    return error as EntraIdError;
  }
  throw new Error('nothing was thrown');
}

describe('decodeClaims', () => {
  it('reads the claims of every JWT, whatever they hold (1,000 cases)', () => {
    const claims = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 4 });
    fc.assert(
      fc.property(claims, (value) => {
        expect(JSON.stringify(decodeClaims(unsignedJwt(value)))).toBe(JSON.stringify(value));
      }),
      { numRuns: 1000 },
    );
  });

  it('reads claims beyond ASCII: two, three and four bytes of UTF-8', () => {
    const claims = { oid: 'Zoë', name: 'Łukasz 山田 太郎 👩‍🚀', note: 'نص' };
    expect(decodeClaims(unsignedJwt(claims))).toEqual(claims);
  });

  it('reads the payload with and without padding, in both alphabets of base64', () => {
    // Bytes that base64 writes with + and /, in lengths that need 1, 0 and 2 characters of padding.
    const texts = ['{"a":"~~~???"}', '{"a":"~~~???>"}', '{"a":"~~~???>>"}'];
    expect(texts.map((text) => base64(text).replace(/[^+/=]/g, ''))).toEqual(['+/=', '+/', '+/==']);
    for (const text of texts) {
      const claims: unknown = JSON.parse(text);
      expect(decodeClaims(around(base64(text)))).toEqual(claims);
      expect(decodeClaims(around(base64url(text)))).toEqual(claims);
      expect(decodeClaims(around(base64(text).replace(/=+$/, '')))).toEqual(claims);
    }
  });

  it('reads a payload that starts with a byte order mark', () => {
    expect(decodeClaims(around(base64url('\uFEFF{"oid":"x"}')))).toEqual({ oid: 'x' });
  });

  it('reads a token without a signature', () => {
    expect(decodeClaims(`eyJhbGciOiJub25lIn0.${base64url('{"oid":"x"}')}.`)).toEqual({ oid: 'x' });
  });

  it('decodes 65,536 characters and refuses 65,537', () => {
    const signed = (length: number): string => {
      const token = unsignedJwt({ oid: 'x' });
      return token + 'A'.repeat(length - token.length);
    };
    expect(MAX_TOKEN_LENGTH).toBe(65_536);
    expect(decodeClaims(signed(65_536))).toEqual({ oid: 'x' });
    const error = refusal(() => decodeClaims(signed(65_537)));
    expect(error).toMatchObject({ code: 'INVALID_TOKEN', retryable: false });
    expect(error.message).toContain('65537 characters, more than 65536');
  });

  it.each([
    ['an opaque token', 'opaque', '1 dot-separated segments'],
    ['two segments', 'a.eyJ9', '2 dot-separated segments'],
    ['four segments', 'a.eyJ9.c.d', '4 dot-separated segments'],
    ['the five segments of an encrypted token', 'a.b.c.d.e', '5 dot-separated segments'],
    ['an empty payload', 'a..c', 'usable JWT: '],
    ['an empty text', '', '1 dot-separated segments'],
    ['a payload of one character', around('A'), 'not base64url'],
    ['characters outside base64', around('e!J9'), 'not base64url'],
    ['padding in the middle', around('e30=e30'), 'not base64url'],
    ['bytes that are not UTF-8', around(base64url(new Uint8Array([0x7b, 0xff, 0x7d]))), 'not base64url'],
    ['padding alone', around('=='), 'not JSON'],
    ['text that is not JSON', around(base64url('{"oid":')), 'not JSON'],
    ['a JSON string', around(base64url('"oid"')), 'not a JSON object'],
    ['a JSON number', around(base64url('7')), 'not a JSON object'],
    ['null', around(base64url('null')), 'not a JSON object'],
    ['an array', around(base64url('[{"oid":"x"}]')), 'not a JSON object'],
  ])('refuses %s', (_, token, reason) => {
    const error = refusal(() => decodeClaims(token));
    expect(error).toMatchObject({ code: 'INVALID_TOKEN', retryable: false });
    expect(error.message).toContain('the token is not a usable JWT');
    expect(error.message).toContain(reason);
  });

  it('quotes nothing of the token, neither in the message nor as a cause', () => {
    for (const payload of [base64url('{"password":"hunter2"'), 'hunter2!']) {
      const error = refusal(() => decodeClaims(around(payload)));
      expect(error.message).not.toContain('hunter2');
      expect(error).not.toHaveProperty('cause');
    }
  });

  it('either reads a text or refuses it with INVALID_TOKEN, never with anything else (1,000 cases)', () => {
    const segment = fc.string({ maxLength: 20 });
    const text = fc.oneof(
      fc.string({ unit: 'binary-ascii', maxLength: 20 }),
      fc.tuple(segment, segment, segment).map((segments) => segments.join('.')),
      fc.uint8Array({ maxLength: 20 }).map((bytes) => around(base64url(bytes))),
      fc.json({ maxDepth: 1 }).map((json) => around(base64url(json))),
    );
    const outcomeOf = (token: string): string => {
      try {
        return typeof decodeClaims(token);
      } catch (error) {
        return (error as EntraIdError).code;
      }
    };
    fc.assert(
      fc.property(text, (token) => {
        expect(['object', 'INVALID_TOKEN']).toContain(outcomeOf(token));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('claimTimeMs', () => {
  it('turns seconds into ms', () => {
    expect(claimTimeMs({ exp: 1_767_225_600 }, 'exp')).toBe(1_767_225_600_000);
    expect(claimTimeMs({ iat: 0 }, 'iat')).toBe(0);
  });

  it('cuts a fraction of a second off, toward zero', () => {
    expect(claimTimeMs({ exp: 1_767_225_600.999 }, 'exp')).toBe(1_767_225_600_000);
    expect(claimTimeMs({ exp: -1.5 }, 'exp')).toBe(-1000);
  });

  it('accepts a numeric string, with a fraction or blanks around it', () => {
    expect(claimTimeMs({ exp: '1767225600' }, 'exp')).toBe(1_767_225_600_000);
    expect(claimTimeMs({ exp: ' 1767225600.9 ' }, 'exp')).toBe(1_767_225_600_000);
  });

  it('takes null and an absent claim as no time', () => {
    expect(claimTimeMs({ exp: null }, 'exp')).toBeUndefined();
    expect(claimTimeMs({}, 'exp')).toBeUndefined();
    expect(claimTimeMs({ exp: 1 }, 'iat')).toBeUndefined();
  });

  it('refuses what is not a number, naming the claim', () => {
    for (const value of ['', '   ', 'soon', '2026-01-01', true, [], {}, '1e999', 'NaN']) {
      for (const name of ['exp', 'iat'] as const) {
        const error = refusal(() => claimTimeMs({ [name]: value }, name));
        expect(error).toMatchObject({ code: 'INVALID_TOKEN' });
        expect(error.message).toContain(`its ${name} claim is not a number`);
      }
    }
  });
});
