import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { redactTokens } from '../src/index.js';
import { unsignedJwt } from '../src/testing/index.js';

const jwt = unsignedJwt({ oid: '0c9f0b4e', exp: 1_767_225_600 });
const [header, payload] = jwt.split('.') as [string, string, string];

describe('redactTokens', () => {
  it('replaces a JWT and leaves the text around it', () => {
    expect(redactTokens(`ERR unknown user '${jwt}', with args`)).toBe(
      "ERR unknown user '[redacted token]', with args",
    );
  });

  it('replaces each of several', () => {
    expect(redactTokens(`${jwt} then ${jwt}`)).toBe('[redacted token] then [redacted token]');
  });

  it('replaces a JWT that was cut off: its header alone, with the dot, and with half a payload', () => {
    for (const part of [header, `${header}.`, `${header}.${payload.slice(0, 4)}`, `${header}.${payload}`]) {
      expect(redactTokens(`sent ${part} here`)).toBe('sent [redacted token] here');
    }
  });

  it('replaces a JWT with an empty signature', () => {
    expect(redactTokens(`<${header}.${payload}.>`)).toBe('<[redacted token]>');
  });

  it('finds it behind Bearer, in a form body, in JSON and in a command line', () => {
    for (const [before, after] of [
      ['Authorization: Bearer ', ''],
      ['grant_type=x&client_assertion=', '&scope=y'],
      ['{"access_token":"', '"}'],
      ['redis-cli -a ', ' ping'],
    ] as const) {
      expect(redactTokens(before + jwt + after)).toBe(`${before}[redacted token]${after}`);
    }
  });

  it('takes eyJ and 5 more characters for a token, and no less', () => {
    expect(redactTokens('eyJ12345')).toBe('[redacted token]');
    expect(redactTokens('eyJ1234')).toBe('eyJ1234');
  });

  it('leaves text without a token as it is', () => {
    for (const text of [
      '',
      'WRONGPASS invalid username-password pair',
      'AADSTS7000215',
      'a.b.c',
      'Hey Jude',
    ]) {
      expect(redactTokens(text)).toBe(text);
    }
  });

  it('leaves no claim and no signature of a JWT in any text (1,000 cases)', () => {
    // Letters that are not of base64url, so that the text cannot be taken for part of the token.
    const text = fc.string({ unit: fc.constantFrom(' ', '"', "'", ':', '/', '=', '&', '\n', 'é') });
    const claims = fc.dictionary(fc.string(), fc.string(), { minKeys: 1 });
    fc.assert(
      fc.property(text, claims, text, (before, value, after) => {
        expect(redactTokens(before + unsignedJwt(value) + after)).toBe(`${before}[redacted token]${after}`);
      }),
      { numRuns: 1000 },
    );
  });

  it('takes 1,000,000 characters of look-alikes in its stride', () => {
    expect(redactTokens('eyJ'.repeat(333_334))).toBe('[redacted token]');
    expect(redactTokens('eyJ.'.repeat(250_000))).toHaveLength(1_000_000);
  });
});
