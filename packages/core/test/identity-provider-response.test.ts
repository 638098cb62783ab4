import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { accessToken, authResult, createResponseParser, type EntraIdError, rawToken } from '../src/index.js';

const SECRET = 'a-token-that-is-no-jwt';

const unusable = {
  notAnObject: [null, undefined, 42, 'text', true, () => SECRET],
  notAToken: [undefined, null, '', 42, {}, [SECRET]],
};

function thrownBy(run: () => unknown): EntraIdError {
  try {
    run();
  } catch (error) {
    return error as EntraIdError;
  }
  throw new Error('nothing was thrown');
}

describe('authResult', () => {
  it("[I1] keeps MSAL's answer as it is, under the type AuthResult", () => {
    const payload = { accessToken: SECRET, expiresOn: new Date(1_767_225_600_000), refreshOn: null };
    const response = authResult(payload);
    expect(response.type).toBe('AuthResult');
    expect(response.authResult).toBe(payload);
  });

  it('[I4 I6] refuses a missing answer and one that is not an object', () => {
    for (const payload of unusable.notAnObject) {
      const error = thrownBy(() => authResult(payload as never));
      expect(error).toMatchObject({ code: 'INVALID_RESPONSE', retryable: false });
      expect(error.message).toContain('authResult()');
      expect(error.message).toContain(`got ${payload === null ? 'null' : typeof payload}`);
    }
  });

  it('[I6 I10] refuses an answer without an access token', () => {
    for (const token of unusable.notAToken) {
      const error = thrownBy(() => authResult({ accessToken: token as never }));
      expect(error).toMatchObject({ code: 'INVALID_RESPONSE' });
      expect(error.message).toContain('authResult() needs a non-empty string as accessToken');
    }
  });
});

describe('accessToken', () => {
  it("[I2] keeps the Azure SDK's answer as it is, under the type AccessToken", () => {
    const payload = { token: SECRET, expiresOnTimestamp: 1_767_225_600_000 };
    const response = accessToken(payload);
    expect(response.type).toBe('AccessToken');
    expect(response.accessToken).toBe(payload);
  });

  it('[I4 I7] refuses a missing answer and one that is not an object', () => {
    for (const payload of unusable.notAnObject) {
      const error = thrownBy(() => accessToken(payload as never));
      expect(error).toMatchObject({ code: 'INVALID_RESPONSE' });
      expect(error.message).toContain('accessToken()');
    }
  });

  it('[I7 I10] refuses an answer without a token', () => {
    for (const token of unusable.notAToken) {
      const error = thrownBy(() => accessToken({ token: token as never }));
      expect(error).toMatchObject({ code: 'INVALID_RESPONSE' });
      expect(error.message).toContain('accessToken() needs a non-empty string as token');
    }
  });
});

describe('rawToken', () => {
  it('[I3] keeps the token as it is, under the type RawToken', () => {
    const response = rawToken(SECRET);
    expect(response.type).toBe('RawToken');
    expect(response.rawToken).toBe(SECRET);
  });

  it('takes a token of 1 character, as each of the three does', () => {
    expect(rawToken('x').rawToken).toBe('x');
    expect(accessToken({ token: 'x' }).accessToken.token).toBe('x');
    expect(authResult({ accessToken: 'x' }).authResult.accessToken).toBe('x');
  });

  it('[I4 I5 I8 I10] refuses a missing token, an empty one, and what is not a string', () => {
    for (const token of unusable.notAToken) {
      const error = thrownBy(() => rawToken(token as never));
      expect(error).toMatchObject({ code: 'INVALID_RESPONSE' });
      expect(error.message).toContain('rawToken() needs a non-empty string as token');
    }
    expect(thrownBy(() => rawToken('')).message).toContain('got an empty string');
    expect(thrownBy(() => rawToken(42 as never)).message).toContain('got number');
  });
});

describe('a response of an unknown kind', () => {
  const parser = createResponseParser();
  const refusal = (response: unknown): EntraIdError =>
    thrownBy(() => parser.parse(response as never, { nowMs: 0 }));

  it('[I9] is refused with the name of its type', () => {
    for (const type of ['Saml', '', 'authresult', 7, null, undefined]) {
      const error = refusal({ type });
      expect(error).toMatchObject({ code: 'INVALID_RESPONSE', retryable: false });
      expect(error.message).toContain(`got type ${JSON.stringify(type)}`);
      expect(error.message).toContain('authResult(), accessToken() or rawToken()');
    }
  });

  it('[I10] is refused when the payload of its type is missing', () => {
    const missing = [
      [{ type: 'AuthResult', accessToken: { token: SECRET } }, 'the AuthResult response has no payload'],
      [
        { type: 'AccessToken', authResult: { accessToken: SECRET } },
        'the AccessToken response has no payload',
      ],
      [{ type: 'AuthResult', authResult: null }, 'the AuthResult response has no payload'],
      [{ type: 'AccessToken', accessToken: SECRET }, 'the AccessToken response has no payload'],
      [{ type: 'AuthResult', authResult: {} }, 'the AuthResult response has no token'],
      [{ type: 'AccessToken', accessToken: { token: '' } }, 'the AccessToken response has no token'],
      [{ type: 'RawToken' }, 'the RawToken response has no token'],
      [{ type: 'RawToken', rawToken: '' }, 'the RawToken response has no token'],
    ] as const;
    for (const [response, message] of missing) {
      expect(refusal(response)).toMatchObject({ code: 'INVALID_RESPONSE', message });
    }
  });
});

describe('a response as text', () => {
  const responses = [
    authResult({ accessToken: SECRET }),
    accessToken({ token: SECRET }),
    rawToken(SECRET),
  ] as const;

  it('shows its type alone in JSON, among its own properties, and when it is copied', () => {
    for (const response of responses) {
      expect(JSON.stringify({ deep: [response] })).toBe(`{"deep":[{"type":"${response.type}"}]}`);
      expect(Reflect.ownKeys(response)).toEqual(['type']);
      expect(Object.assign({}, response)).toEqual({ type: response.type });
    }
  });

  it('shows its type in inspect, and no token at any depth, with hidden properties or without custom inspection', () => {
    const ways = [
      { depth: null },
      { depth: null, showHidden: true, getters: true },
      { depth: null, showHidden: true, customInspect: false },
    ];
    for (const response of responses) {
      expect(inspect(response)).toBe(`${response.type} response [redacted]`);
      for (const way of ways) expect(inspect({ deep: [response] }, way)).not.toContain(SECRET);
    }
  });

  it('cannot be changed', () => {
    for (const response of responses) {
      expect(Object.isFrozen(response)).toBe(true);
      expect(() => Object.assign(response, { type: 'RawToken' })).toThrow(TypeError);
    }
  });

  it('keeps a token that was passed in the wrong place out of the error', () => {
    const errors = [
      thrownBy(() => authResult(SECRET as never)),
      thrownBy(() => accessToken(SECRET as never)),
      thrownBy(() => rawToken([SECRET] as never)),
    ];
    for (const error of errors) expect(inspect(error, { depth: null })).not.toContain(`"${SECRET}"`);
    for (const error of errors) expect(error.message).not.toContain(SECRET);
  });
});
