import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  accessToken,
  authResult,
  type CredentialsMapper,
  createResponseParser,
  type EntraIdError,
  type IdentityProviderResponse,
  rawToken,
  type Token,
  type TokenContents,
} from '../src/index.js';
import { unsignedJwt } from '../src/testing/index.js';

const NOW_MS = Date.UTC(2026, 0, 1);
const NOW_SECONDS = NOW_MS / 1000;
const HOUR_MS = 3_600_000;
const OID = '0c9f0b4e-61a5-4a6e-9a3c-0f6f1b8f4d11';

const jwt = (claims: object = {}): string =>
  unsignedJwt({ oid: OID, iat: NOW_SECONDS, exp: NOW_SECONDS + 3600, ...claims });

function parse(response: IdentityProviderResponse, credentialsMapper?: CredentialsMapper): Token {
  const options = credentialsMapper === undefined ? {} : { credentialsMapper };
  return createResponseParser(options).parse(response, { nowMs: NOW_MS });
}

function refusal(response: unknown, credentialsMapper?: CredentialsMapper): EntraIdError {
  try {
    parse(response as IdentityProviderResponse, credentialsMapper);
  } catch (error) {
    return error as EntraIdError;
  }
  throw new Error('the response was accepted');
}

describe('the default parser', () => {
  it('[P1] makes a token of an AuthResult: user from oid, expiry from expiresOn, hint from refreshOn', () => {
    const token = jwt();
    const expiresOn = new Date(NOW_MS + HOUR_MS);
    const refreshOn = new Date(NOW_MS + HOUR_MS / 2);
    expect(parse(authResult({ accessToken: token, expiresOn, refreshOn }))).toMatchObject({
      username: OID,
      password: token,
      receivedAtMs: NOW_MS,
      expiresAtMs: NOW_MS + HOUR_MS,
      ttlMs: HOUR_MS,
      refreshAtMs: NOW_MS + HOUR_MS / 2,
      clockSkewMs: undefined,
      version: 0,
    });
  });

  it('[P1] falls back to the exp claim when expiresOn is null or absent, and has no hint without refreshOn', () => {
    for (const times of [{}, { expiresOn: null, refreshOn: null }]) {
      const token = parse(authResult({ accessToken: jwt(), ...times }));
      expect(token).toMatchObject({ expiresAtMs: NOW_MS + HOUR_MS, refreshAtMs: undefined });
    }
  });

  it('[P2] refuses an AuthResult whose token is empty', () => {
    const response = { type: 'AuthResult', authResult: { accessToken: '', expiresOn: new Date(NOW_MS + 1) } };
    expect(refusal(response)).toMatchObject({ code: 'INVALID_RESPONSE', retryable: false });
  });

  it('[P3] refuses a token without oid, or whose oid is empty or not a string', () => {
    for (const oid of [undefined, '', null, 42, true, [OID], { id: OID }]) {
      const error = refusal(rawToken(jwt({ oid })));
      expect(error).toMatchObject({ code: 'INVALID_TOKEN', retryable: false });
      expect(error.message).toContain('oid');
      expect(error.message).toContain('credentialsMapper');
    }
  });

  it('[P3] takes no other claim for the user', () => {
    const claims = { oid: undefined, sub: OID, appid: OID, upn: 'a@b.c', preferred_username: 'a' };
    expect(refusal(rawToken(jwt(claims)))).toMatchObject({ code: 'INVALID_TOKEN' });
  });

  it('[P4] makes a token of an AccessToken whose earlier of expiresOnTimestamp and exp counts', () => {
    const at = (expiresOnTimestamp: number): Token =>
      parse(accessToken({ token: jwt(), expiresOnTimestamp, refreshAfterTimestamp: NOW_MS + 5 }));
    expect(at(NOW_MS + HOUR_MS / 4)).toMatchObject({
      username: OID,
      expiresAtMs: NOW_MS + HOUR_MS / 4,
      ttlMs: HOUR_MS / 4,
      refreshAtMs: NOW_MS + 5,
    });
    expect(at(NOW_MS + 4 * HOUR_MS).expiresAtMs).toBe(NOW_MS + HOUR_MS);
    expect(parse(accessToken({ token: jwt() })).expiresAtMs).toBe(NOW_MS + HOUR_MS);
    const nulls = { token: jwt(), expiresOnTimestamp: null, refreshAfterTimestamp: null } as never;
    expect(parse(accessToken(nulls))).toMatchObject({
      expiresAtMs: NOW_MS + HOUR_MS,
      refreshAtMs: undefined,
    });
  });

  it('[P5] makes a token of a RawToken, its expiry the exp claim', () => {
    const token = jwt();
    expect(parse(rawToken(token))).toMatchObject({
      username: OID,
      password: token,
      ttlMs: HOUR_MS,
      expiresAtMs: NOW_MS + HOUR_MS,
      receivedAtMs: NOW_MS,
    });
  });

  it('[P6] refuses a token at its expiry and accepts it 1 s before', () => {
    expect(parse(rawToken(jwt({ iat: NOW_SECONDS - 3600, exp: NOW_SECONDS + 1 }))).ttlMs).toBe(1000);
    for (const [expiredForSeconds, words] of [
      [0, 'expired 0.0 s before'],
      [90, 'expired 90.0 s before'],
    ] as const) {
      const exp = NOW_SECONDS - expiredForSeconds;
      const error = refusal(rawToken(jwt({ iat: NOW_SECONDS - 7200, exp })));
      expect(error).toMatchObject({ code: 'TOKEN_EXPIRED', retryable: true });
      expect(error.message).toContain(words);
      expect(error.message).toContain('2026-01-01T00:00:00.000Z');
    }
  });

  it('[P7] refuses a token whose expiry nobody tells: exp null or absent', () => {
    for (const exp of [null, undefined]) {
      const error = refusal(rawToken(jwt({ exp })));
      expect(error).toMatchObject({ code: 'INVALID_TOKEN' });
      expect(error.message).toContain('no expiry');
    }
  });

  it('[P7] does without exp where the SDK tells the expiry', () => {
    const response = accessToken({ token: jwt({ exp: null }), expiresOnTimestamp: NOW_MS + 1 });
    expect(parse(response).ttlMs).toBe(1);
  });

  it('reads exp as a numeric string and as a float, and refuses another string', () => {
    expect(parse(rawToken(jwt({ exp: String(NOW_SECONDS + 60) }))).ttlMs).toBe(60_000);
    expect(parse(rawToken(jwt({ exp: NOW_SECONDS + 60.9 }))).ttlMs).toBe(60_000);
    expect(refusal(rawToken(jwt({ exp: 'tomorrow' })))).toMatchObject({ code: 'INVALID_TOKEN' });
  });

  it('takes exp 0 for 1970: expired', () => {
    expect(refusal(rawToken(jwt({ exp: 0 })))).toMatchObject({ code: 'TOKEN_EXPIRED' });
  });

  it('[P3] refuses an opaque token because it is not a JWT', () => {
    const error = refusal(rawToken('opaque'));
    expect(error).toMatchObject({ code: 'INVALID_TOKEN' });
    expect(error.message).toContain('not a usable JWT');
  });

  it('[P5] accepts an oid of 1 character', () => {
    expect(parse(rawToken(jwt({ oid: 'x' }))).username).toBe('x');
  });

  it('[P8] refuses a response of an unknown type', () => {
    const error = refusal({ type: 'Saml' });
    expect(error).toMatchObject({ code: 'INVALID_RESPONSE' });
    expect(error.message).toContain('"Saml"');
  });

  it('[P9] refuses each type without its payload', () => {
    for (const type of ['AuthResult', 'AccessToken', 'RawToken']) {
      const error = refusal({ type });
      expect(error).toMatchObject({ code: 'INVALID_RESPONSE' });
      expect(error.message).toContain(type);
    }
  });

  it('[P10] refuses null and undefined, and says so', () => {
    for (const response of [null, undefined]) {
      const error = refusal(response);
      expect(error).toMatchObject({ code: 'INVALID_RESPONSE' });
      expect(error.message).toContain(`got ${response === null ? 'null' : 'undefined'}`);
    }
  });

  it('[P11] refuses an AuthResult whose expiresOn is 1 ms ago, although exp is later', () => {
    const response = authResult({ accessToken: jwt(), expiresOn: new Date(NOW_MS - 1) });
    expect(refusal(response)).toMatchObject({ code: 'TOKEN_EXPIRED' });
  });

  it('names the field and the suspicion when a time is in seconds instead of ms', () => {
    const inSeconds = NOW_SECONDS + 3600;
    for (const [field, response] of [
      ['expiresOnTimestamp', accessToken({ token: jwt(), expiresOnTimestamp: inSeconds })],
      ['refreshAfterTimestamp', accessToken({ token: jwt(), refreshAfterTimestamp: inSeconds })],
      ['expiresOn', authResult({ accessToken: jwt(), expiresOn: new Date(inSeconds) })],
      ['refreshOn', authResult({ accessToken: jwt(), refreshOn: new Date(inSeconds) })],
    ] as const) {
      const error = refusal(response);
      expect(error).toMatchObject({ code: 'INVALID_RESPONSE', retryable: false });
      expect(error.message).toBe(
        `${field} must be a time in ms since the epoch, got ${inSeconds} (seconds?)`,
      );
    }
  });

  it('takes 946,684,800,000 (the year 2000) for ms and 1 less for seconds', () => {
    const at = (expiresOnTimestamp: number) => accessToken({ token: jwt(), expiresOnTimestamp });
    expect(refusal(at(946_684_800_000))).toMatchObject({ code: 'TOKEN_EXPIRED' });
    expect(refusal(at(946_684_799_999)).message).toContain('(seconds?)');
    expect(refusal(at(1)).message).toContain('(seconds?)');
  });

  it('refuses a time of the SDK that is no time: NaN, Infinity, 0, negative, a string', () => {
    for (const time of [Number.NaN, Infinity, -Infinity, 0, -1, 'soon']) {
      const error = refusal(accessToken({ token: jwt(), expiresOnTimestamp: time as number }));
      expect(error).toMatchObject({ code: 'INVALID_RESPONSE' });
      expect(error.message).toBe(`expiresOnTimestamp must be a time in ms since the epoch, got ${time}`);
    }
    expect(refusal(authResult({ accessToken: jwt(), expiresOn: new Date(Number.NaN) }))).toMatchObject({
      code: 'INVALID_RESPONSE',
    });
  });

  it('reads a Date of another realm by its getTime', () => {
    const expiresOn = { getTime: () => NOW_MS + 7 } as Date;
    expect(parse(authResult({ accessToken: jwt(), expiresOn })).ttlMs).toBe(7);
  });

  it('[P5] reads a payload with base64 padding', () => {
    const payload = Buffer.from(JSON.stringify({ oid: OID, exp: NOW_SECONDS + 60, n: '' })).toString(
      'base64',
    );
    const padded = `eyJhbGciOiJSUzI1NiJ9.${payload}${'='.repeat((4 - (payload.length % 4)) % 4)}.c2ln`;
    expect(parse(rawToken(padded))).toMatchObject({ username: OID, password: padded, ttlMs: 60_000 });
  });

  it('reads claims beyond ASCII', () => {
    const token = jwt({ oid: 'Zoë-山田-👩', name: 'Łukasz' });
    expect(parse(rawToken(token)).username).toBe('Zoë-山田-👩');
  });

  it('accepts a token of 65,536 characters and refuses one of 65,537', () => {
    const ofLength = (length: number): string => jwt() + 'A'.repeat(length - jwt().length);
    expect(parse(rawToken(ofLength(65_536))).password).toHaveLength(65_536);
    expect(refusal(rawToken(ofLength(65_537)))).toMatchObject({ code: 'INVALID_TOKEN' });
  });

  it('does not check nbf, aud or alg: the server does', () => {
    const token = jwt({ nbf: NOW_SECONDS + 9999, aud: ['anyone'] });
    expect(parse(rawToken(token)).username).toBe(OID);
  });

  it('reports how far this clock is ahead when the SDK counted from it: 2 h', () => {
    const issuedSeconds = NOW_SECONDS - 7200;
    const token = jwt({ iat: issuedSeconds, exp: issuedSeconds + 3600 });
    expect(parse(accessToken({ token, expiresOnTimestamp: NOW_MS + HOUR_MS }))).toMatchObject({
      ttlMs: HOUR_MS,
      expiresAtMs: NOW_MS + HOUR_MS,
      clockSkewMs: 7_200_000,
    });
  });

  it('gives a token that lives from now to no later than what was told, or refuses with a code (1,000 cases)', () => {
    const seconds = fc.integer({ min: NOW_SECONDS - 100_000, max: NOW_SECONDS + 100_000 });
    const ms = fc.integer({ min: NOW_MS - 100_000_000, max: NOW_MS + 100_000_000 });
    const option = { nil: undefined };
    fc.assert(
      fc.property(
        fc.option(seconds, option),
        fc.option(seconds, option),
        fc.option(ms, option),
        (exp, iat, sdk) => {
          const token = jwt({ exp, iat });
          const response =
            sdk === undefined ? rawToken(token) : accessToken({ token, expiresOnTimestamp: sdk });
          try {
            const { receivedAtMs, expiresAtMs, ttlMs } = parse(response);
            expect(receivedAtMs).toBe(NOW_MS);
            expect(ttlMs).toBeGreaterThan(0);
            expect(expiresAtMs).toBe(NOW_MS + ttlMs);
            expect(expiresAtMs).toBeLessThanOrEqual(sdk ?? (exp as number) * 1000);
          } catch (error) {
            const { code } = error as EntraIdError;
            if (exp === undefined && sdk === undefined) expect(code).toBe('INVALID_TOKEN');
            else expect(code).toBe('TOKEN_EXPIRED');
          }
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('keeps the token out of every refusal', () => {
    const token = jwt({ oid: '', secret: 'hunter2' });
    for (const error of [
      refusal(rawToken(token)),
      refusal(rawToken(jwt({ exp: 0 }))),
      refusal({ type: token }),
    ]) {
      expect(error.message).not.toContain('eyJ');
      expect(error.message).not.toContain('hunter2');
    }
  });
});

describe('createResponseParser with a credentialsMapper', () => {
  it('gives it the token and its claims, and takes user, password and expiry from it', () => {
    const seen: TokenContents[] = [];
    const token = jwt({ sub: 'someone' });
    const parsed = parse(rawToken(token), (contents) => {
      seen.push(contents);
      return { username: 'alice', password: 'derived', expiresAtMs: NOW_MS + 1000 };
    });
    expect(parsed).toMatchObject({ username: 'alice', password: 'derived', ttlMs: 1000 });
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({ token, claims: { oid: OID, sub: 'someone' } });
  });

  it('takes the token for the password and the exp claim for the expiry when it names none', () => {
    const token = jwt({ oid: undefined, sub: 'someone' });
    const parsed = parse(rawToken(token), ({ claims }) => ({ username: String(claims?.['sub']) }));
    expect(parsed).toMatchObject({ username: 'someone', password: token, ttlMs: HOUR_MS });
  });

  it('gives an opaque token without claims, and takes the expiry from it or from the SDK', () => {
    const mapper: CredentialsMapper = ({ token, claims }) => {
      expect(claims).toBeUndefined();
      expect(token).toBe('opaque');
      return { username: 'alice' };
    };
    const response = accessToken({ token: 'opaque', expiresOnTimestamp: NOW_MS + 1000 });
    expect(parse(response, mapper)).toMatchObject({ username: 'alice', password: 'opaque', ttlMs: 1000 });
    expect(refusal(rawToken('opaque'), mapper)).toMatchObject({ code: 'INVALID_TOKEN' });
    expect(refusal(rawToken('opaque'), mapper).message).toContain('no expiry');
    const timed: CredentialsMapper = () => ({ username: 'alice', expiresAtMs: NOW_MS + 2000 });
    expect(parse(rawToken('opaque'), timed).ttlMs).toBe(2000);
    expect(parse(rawToken('x'), timed).password).toBe('x');
  });

  it('prefers the expiry that it names to that of the SDK', () => {
    const response = accessToken({ token: 'opaque', expiresOnTimestamp: NOW_MS + 1000 });
    expect(parse(response, () => ({ username: 'alice', expiresAtMs: NOW_MS + 500 })).ttlMs).toBe(500);
  });

  it('does not let it stretch a life beyond exp', () => {
    const mapper: CredentialsMapper = () => ({ username: 'alice', expiresAtMs: NOW_MS + 10 * HOUR_MS });
    expect(parse(rawToken(jwt()), mapper).ttlMs).toBe(HOUR_MS);
  });

  it('refuses an empty user or password from it, and an expiry that is over', () => {
    expect(refusal(rawToken(jwt()), () => ({ username: '' }))).toMatchObject({ code: 'INVALID_TOKEN' });
    expect(refusal(rawToken(jwt()), () => ({ username: 'alice', password: '' }))).toMatchObject({
      code: 'INVALID_TOKEN',
    });
    expect(refusal(rawToken('opaque'), () => ({ username: 'alice', expiresAtMs: NOW_MS }))).toMatchObject({
      code: 'TOKEN_EXPIRED',
    });
  });

  it('is refused at construction when it is not a function, and so is any other option', () => {
    for (const credentialsMapper of [null, 'oid', {}]) {
      expect(() => createResponseParser({ credentialsMapper } as never)).toThrow(
        expect.objectContaining({
          code: 'INVALID_OPTION',
          message: expect.stringContaining('credentialsMapper'),
        }),
      );
    }
    expect(() => createResponseParser({ usernameClaim: 'sub' } as never)).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTION',
        message: 'unknown option usernameClaim for createResponseParser; known: credentialsMapper',
      }),
    );
    expect(() => createResponseParser({ credentialsMapper: undefined } as never)).not.toThrow();
  });
});
