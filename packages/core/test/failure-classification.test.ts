import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { runInNewContext } from 'node:vm';
import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { identityFailure } from '../src/identity-failure.js';
import { classifyFailure, EntraIdError } from '../src/index.js';
import { messageOf } from '../src/message-of.js';

const RETRY = { retryable: true };

/** An error of any SDK: a plain object of its shape, as classification must not ask for its class. */
const shaped = (name: string, fields: object = {}): object => ({
  name,
  message: `${name} happened`,
  ...fields,
});
const caused = (...chain: object[]): object => chain.reduceRight((cause, outer) => ({ ...outer, cause }));

describe('classifyFailure without evidence', () => {
  it('[O7] retries null, undefined and everything else that is no object', () => {
    for (const error of [null, undefined, 'timeout', 42, 0, Symbol('x'), () => undefined]) {
      expect(classifyFailure(error)).toEqual(RETRY);
    }
  });

  it('retries an error that says nothing, whatever its text, and one with an unknown code or status', () => {
    for (const error of [
      {},
      new Error('invalid_client'),
      new TypeError('fetch failed'),
      Object.assign(new Error('x'), { code: 'SELF_SIGNED_CERT_IN_CHAIN' }),
      { code: '' },
      { status: 200 },
      { status: 404 },
      { statusCode: 302 },
      { status: Number.NaN },
      { status: '401' },
      Object.create(null),
    ]) {
      expect(classifyFailure(error).retryable).toBe(true);
    }
  });
});

describe('the verdict of classifyFailure', () => {
  it('has no field for what is not known', () => {
    expect(classifyFailure({ status: 503 })).toStrictEqual({ retryable: true });
    expect(classifyFailure({ code: 'EPIPE' })).toStrictEqual({ retryable: true, identityCode: 'EPIPE' });
    expect(classifyFailure({ retryAfterMs: 1 })).toStrictEqual({ retryable: true, retryAfterMs: 1 });
    expect(classifyFailure(new EntraIdError('CLOSED', 'x'))).toStrictEqual({ retryable: false });
  });
});

describe('classifyFailure by code', () => {
  it.each([
    'invalid_client',
    'invalid_grant',
    'invalid_request',
    'invalid_resource',
    'invalid_scope',
    'unauthorized_client',
    'unsupported_grant_type',
    'unsupported_response_type',
    'access_denied',
    'interaction_required',
    'consent_required',
    'login_required',
    'missing_tenant_id_error',
  ])('does not retry %s, under each of the three names that SDKs use', (code) => {
    const expected = { retryable: false, identityCode: code };
    expect(classifyFailure({ errorCode: code })).toEqual(expected);
    expect(classifyFailure({ code })).toEqual(expected);
    expect(classifyFailure({ error: code })).toEqual(expected);
  });

  it.each([
    'temporarily_unavailable',
    'server_error',
    'network_error',
    'no_network_connectivity',
    'endpoints_resolution_error',
    'request_timeout',
    'ECONNABORTED',
    'ECONNREFUSED',
    'ECONNRESET',
    'EAI_AGAIN',
    'EHOSTUNREACH',
    'ENETUNREACH',
    'ENOTFOUND',
    'EPIPE',
    'ETIMEDOUT',
    'UND_ERR_CONNECT_TIMEOUT',
    'UND_ERR_HEADERS_TIMEOUT',
    'UND_ERR_BODY_TIMEOUT',
    'UND_ERR_SOCKET',
  ])('retries %s, even with status 400', (code) => {
    const expected = { retryable: true, identityCode: code };
    expect(classifyFailure({ code })).toEqual(expected);
    expect(classifyFailure({ errorCode: code, status: 400 })).toEqual(expected);
  });

  it('prefers errorCode to code to error, and skips what is empty or no text', () => {
    const codes = { errorCode: 'invalid_client', code: 'ECONNRESET', error: 'server_error' };
    expect(classifyFailure(codes).identityCode).toBe('invalid_client');
    expect(classifyFailure({ ...codes, errorCode: '' }).identityCode).toBe('ECONNRESET');
    expect(classifyFailure({ ...codes, errorCode: 7, code: 20 }).identityCode).toBe('server_error');
  });

  it('[O9] retries a TimeoutError and an AbortError, by name alone', () => {
    for (const name of ['TimeoutError', 'AbortError']) {
      expect(classifyFailure(new DOMException('x', name))).toEqual(RETRY);
      expect(classifyFailure({ name, code: 'ABORT_ERR' })).toEqual({
        retryable: true,
        identityCode: 'ABORT_ERR',
      });
      expect(classifyFailure({ name, status: 401 })).toEqual(RETRY);
      expect(classifyFailure(caused({ message: 'request failed' }, { name }, { status: 401 }))).toEqual(
        RETRY,
      );
    }
  });
});

describe('classifyFailure by status', () => {
  it('[O6] retries 500 and above, 408, 410 and 429, even with a fatal code', () => {
    for (const status of [408, 410, 429, 500, 502, 503, 504, 529, 599]) {
      expect(classifyFailure({ status })).toEqual(RETRY);
      expect(classifyFailure({ statusCode: status })).toEqual(RETRY);
      expect(classifyFailure({ response: { status } })).toEqual(RETRY);
      expect(classifyFailure({ status, errorCode: 'invalid_client' })).toEqual({
        retryable: true,
        identityCode: 'invalid_client',
      });
    }
  });

  it('does not retry 400, 401 and 403, under each of the three places that SDKs use', () => {
    for (const status of [400, 401, 403]) {
      expect(classifyFailure({ status })).toEqual({ retryable: false });
      expect(classifyFailure({ statusCode: status })).toEqual({ retryable: false });
      expect(classifyFailure({ response: { status } })).toEqual({ retryable: false });
      expect(classifyFailure({ status, code: 'SOME_CODE' })).toEqual({
        retryable: false,
        identityCode: 'SOME_CODE',
      });
    }
  });

  it('holds 499 for no evidence, and 500 for a server fault', () => {
    const fatal = { errorCode: 'invalid_client' };
    expect(classifyFailure({ status: 499, ...fatal }).retryable).toBe(false);
    expect(classifyFailure({ status: 500, ...fatal }).retryable).toBe(true);
  });

  it('prefers status to statusCode to the response, and skips what is no number', () => {
    expect(classifyFailure({ status: 401, statusCode: 503, response: { status: 503 } }).retryable).toBe(
      false,
    );
    expect(classifyFailure({ status: '401', statusCode: 403, response: { status: 503 } }).retryable).toBe(
      false,
    );
    expect(classifyFailure({ status: Infinity, response: { status: 401 } }).retryable).toBe(false);
    for (const response of [null, 'text', 401]) expect(classifyFailure({ response })).toEqual(RETRY);
  });
});

describe('classifyFailure and the matrix of go-redis-entraid', () => {
  const wrapped = (inner: object): object =>
    caused({ message: 'failed to get token' }, { message: 'failed to request token from idp' }, inner);

  it.each([
    ['a deadline of the request', shaped('TimeoutError')],
    ['ETIMEDOUT', shaped('Error', { code: 'ETIMEDOUT' })],
    ['a temporary DNS failure', shaped('Error', { code: 'EAI_AGAIN', syscall: 'getaddrinfo' })],
    [
      'a time-out while waiting for headers',
      shaped('HeadersTimeoutError', { code: 'UND_ERR_HEADERS_TIMEOUT' }),
    ],
  ])('[O8 O9] retries %s, as there', (_, inner) => {
    expect(classifyFailure(inner).retryable).toBe(true);
    expect(classifyFailure(wrapped(inner)).retryable).toBe(true);
  });

  it.each([
    ['HTTP 500', shaped('RestError', { statusCode: 500 })],
    ['HTTP 503', shaped('RestError', { statusCode: 503 })],
    ['HTTP 429', shaped('ServerError', { errorCode: 'too_many', status: 429 })],
    ['a refused connection', shaped('Error', { code: 'ECONNREFUSED', syscall: 'connect' })],
    ['a reset connection', shaped('Error', { code: 'ECONNRESET' })],
    ['an unknown host', shaped('Error', { code: 'ENOTFOUND', syscall: 'getaddrinfo' })],
    ['an unexpected end', shaped('SocketError', { code: 'UND_ERR_SOCKET', message: 'other side closed' })],
    ['an aborted request', shaped('AbortError', { code: 'ABORT_ERR' })],
    ['a certificate that is not trusted', shaped('Error', { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })],
    ['a plain error', shaped('Error', { message: 'timeout' })],
  ])('[O6] retries %s, where the original gives up', (_, inner) => {
    expect(classifyFailure(inner).retryable).toBe(true);
    expect(classifyFailure(wrapped(inner)).retryable).toBe(true);
  });

  it.each([
    ['HTTP 401', shaped('RestError', { statusCode: 401 })],
    ['HTTP 400', shaped('RestError', { statusCode: 400 })],
    ['a token that cannot be parsed', new EntraIdError('INVALID_TOKEN', 'no oid')],
    ['a response that is none', new EntraIdError('INVALID_RESPONSE', 'no token')],
  ])('does not retry %s, as there', (_, inner) => {
    expect(classifyFailure(inner).retryable).toBe(false);
    expect(classifyFailure(wrapped(inner)).retryable).toBe(false);
  });
});

describe('classifyFailure and the errors of the Azure SDKs', () => {
  const wrongSecret = shaped('ServerError', { errorCode: 'invalid_client', errorNo: '7000215', status: 401 });
  const reset = shaped('NetworkError', {
    errorCode: 'network_error',
    error: shaped('TypeError', { cause: { code: 'ECONNRESET' } }),
  });

  it.each([
    ['msal: the network on POST', shaped('AuthError', { errorCode: 'network_error' }), true, 'network_error'],
    [
      'msal: no metadata',
      shaped('ClientAuthError', { errorCode: 'endpoints_resolution_error' }),
      true,
      'endpoints_resolution_error',
    ],
    ['msal: a wrong secret', wrongSecret, false, 'invalid_client'],
    [
      'msal: a user has to interact',
      shaped('InteractionRequiredAuthError', {
        errorCode: 'interaction_required',
        claims: '{}',
        status: 400,
      }),
      false,
      'interaction_required',
    ],
    ['msal: a managed identity endpoint that resets', reset, true, 'network_error'],
    [
      'msal: a managed identity endpoint that does not know the resource',
      shaped('ServerError', { errorCode: 'invalid_resource', status: 400 }),
      false,
      'invalid_resource',
    ],
    [
      'msal: client credentials without a tenant',
      shaped('ClientAuthError', { errorCode: 'missing_tenant_id_error' }),
      false,
      'missing_tenant_id_error',
    ],
    ['msal: its own pause after 5xx', shaped('ServerError', { errorCode: '90033' }), true, undefined],
    [
      'identity: a wrong secret in its cause',
      caused(shaped('AuthenticationRequiredError'), wrongSecret),
      false,
      'invalid_client',
    ],
    [
      'identity: a wrong secret of the environment',
      shaped('AuthenticationError', { statusCode: 400, errorResponse: { error: 'invalid_client' } }),
      false,
      undefined,
    ],
    [
      'identity: a managed identity endpoint that resets',
      caused(shaped('CredentialUnavailableError'), reset),
      true,
      'network_error',
    ],
    ['identity: no metadata, no cause', shaped('CredentialUnavailableError'), true, undefined],
    [
      'fetch: a refused connection',
      caused(shaped('TypeError', { message: 'fetch failed' }), shaped('Error', { code: 'ECONNREFUSED' })),
      true,
      'ECONNREFUSED',
    ],
    [
      'node: a refused connection on both address families',
      shaped('AggregateError', { message: '', code: 'ECONNREFUSED', errors: [{ code: 'ECONNREFUSED' }] }),
      true,
      'ECONNREFUSED',
    ],
    [
      'axios: 403',
      shaped('AxiosError', { code: 'ERR_BAD_REQUEST', response: { status: 403 } }),
      false,
      'ERR_BAD_REQUEST',
    ],
  ])('%s', (_, error, retryable, identityCode) => {
    expect(classifyFailure(error)).toEqual({
      retryable,
      ...(identityCode === undefined ? {} : { identityCode }),
    });
  });

  it('identity: a chain is worth repeating when one of its errors is, else takes the first verdict', () => {
    const chain = (...errors: object[]) => shaped('AggregateAuthenticationError', { errors });
    const silent = shaped('CredentialUnavailableError');
    expect(classifyFailure(chain(wrongSecret, reset))).toEqual({
      retryable: true,
      identityCode: 'network_error',
    });
    expect(classifyFailure(chain(silent, wrongSecret, { status: 403 }))).toEqual({
      retryable: false,
      identityCode: 'invalid_client',
    });
    expect(classifyFailure(chain(silent, silent))).toEqual(RETRY);
    expect(classifyFailure(chain())).toEqual(RETRY);
    expect(classifyFailure(chain(caused(silent, wrongSecret)))).toMatchObject({ retryable: false });
  });
});

describe('classifyFailure and the chain', () => {
  it('takes the first evidence, from the outside in', () => {
    expect(classifyFailure(caused({}, {}, { status: 401 }, { status: 503 }))).toEqual({ retryable: false });
    expect(classifyFailure(caused({}, { status: 503 }, { status: 401 }))).toEqual(RETRY);
  });

  it('takes the own evidence of an aggregate before its errors, and its errors before its cause', () => {
    const fatal = { status: 401 };
    const transient = { status: 503 };
    expect(classifyFailure({ ...fatal, errors: [transient], cause: transient }).retryable).toBe(false);
    expect(classifyFailure({ errors: [fatal], cause: transient }).retryable).toBe(false);
    expect(classifyFailure({ errors: [{}], cause: fatal }).retryable).toBe(false);
    expect(classifyFailure({ errors: 'none', cause: fatal }).retryable).toBe(false);
  });

  it('ends on a cycle, direct or not', () => {
    const self: Record<string, unknown> = {};
    self['cause'] = self;
    const a: Record<string, unknown> = {};
    const b: Record<string, unknown> = { errors: [a, self] };
    a['cause'] = b;
    expect(classifyFailure(self)).toEqual(RETRY);
    expect(classifyFailure(a)).toEqual(RETRY);
    b['cause'] = { status: 401 };
    expect(classifyFailure(a)).toEqual({ retryable: false });
  });

  it('looks at 32 errors: the 32nd of a chain decides, the 33rd does not', () => {
    const at = (depth: number): object =>
      caused(...Array.from({ length: depth - 1 }, () => ({})), { status: 401 });
    expect(classifyFailure(at(32))).toEqual({ retryable: false });
    expect(classifyFailure(at(33))).toEqual(RETRY);
  });

  it('looks at 32 errors of an aggregate, itself included', () => {
    const at = (index: number): object => ({
      errors: [...Array.from({ length: index - 1 }, () => ({})), { status: 401 }],
    });
    expect(classifyFailure(at(31))).toEqual({ retryable: false });
    expect(classifyFailure(at(32))).toEqual(RETRY);
  });

  it('ends on a chain of 100,000 errors', () => {
    let error: object = { status: 401 };
    for (let i = 0; i < 100_000; i++) error = { cause: error };
    expect(classifyFailure(error)).toEqual(RETRY);
  });
});

describe('classifyFailure and whose class an error is of', () => {
  it('judges errors of another realm like its own', () => {
    const foreign: unknown = runInNewContext("Object.assign(new Error('x'), { code: 'invalid_client' })");
    expect(foreign).not.toBeInstanceOf(Error);
    expect(classifyFailure(foreign)).toEqual({ retryable: false, identityCode: 'invalid_client' });
  });

  it('takes the word of an EntraIdError, also of another copy of the package and inside a chain', async () => {
    jest.resetModules();
    const copy = await import('../src/errors.js');
    const details = { retryable: false, retryAfterMs: 7, identityCode: 'AADSTS7000215' };
    const theirs = new copy.EntraIdError('IDENTITY_UNAVAILABLE', 'x', { ...details, cause: { status: 503 } });
    expect(theirs).not.toBeInstanceOf(EntraIdError);
    expect(classifyFailure(theirs)).toEqual(details);
    expect(classifyFailure({ errors: [{ cause: theirs }] })).toEqual(details);
    expect(classifyFailure(new EntraIdError('TOKEN_EXPIRED', 'x'))).toEqual(RETRY);
  });
});

describe('classifyFailure and Retry-After', () => {
  const headerForms: [string, (value: unknown) => object][] = [
    ['a Headers object', (value) => new Headers({ 'Retry-After': String(value) })],
    ['a map', (value) => new Map([['retry-after', value]])],
    ['a record in lower case', (value) => ({ 'retry-after': value })],
    ['a record as servers write it', (value) => ({ 'Retry-After': value })],
  ];

  it.each(headerForms)('reads seconds from %s, on the error or on its response', (_, headers) => {
    for (const value of ['120', 120]) {
      expect(classifyFailure({ status: 429, headers: headers(value) })).toEqual({
        retryable: true,
        retryAfterMs: 120_000,
      });
      expect(classifyFailure({ response: { status: 503, headers: headers(value) } })).toEqual({
        retryable: true,
        retryAfterMs: 120_000,
      });
    }
  });

  it('calls get on the headers it belongs to', () => {
    class OwnHeaders {
      readonly #values = new Map([['retry-after', '3']]);
      get(name: string): string | undefined {
        return this.#values.get(name);
      }
    }
    expect(classifyFailure({ headers: new OwnHeaders() }).retryAfterMs).toBe(3000);
  });

  it('reads fractions and 0', () => {
    expect(classifyFailure({ headers: { 'retry-after': '0.5' } }).retryAfterMs).toBe(500);
    expect(classifyFailure({ headers: { 'retry-after': '0' } }).retryAfterMs).toBe(0);
  });

  it('does without what is no number of seconds: a date, a negative number, an object', () => {
    for (const value of ['Wed, 21 Oct 2026 07:28:00 GMT', '-1', 'soon', 'Infinity', {}, ['5'], true, null]) {
      expect(classifyFailure({ status: 429, headers: { 'retry-after': value } })).toEqual(RETRY);
    }
    for (const headers of [null, 'retry-after: 5', 5, {}, new Map()]) {
      expect(classifyFailure({ status: 429, headers })).toEqual(RETRY);
    }
    for (const response of [null, undefined, 5, {}, { headers: null }]) {
      expect(classifyFailure({ status: 429, response })).toEqual(RETRY);
    }
  });

  it('falls back to the headers of the response when its own say nothing', () => {
    expect(classifyFailure({ headers: {}, response: { headers: { 'retry-after': '2' } } }).retryAfterMs).toBe(
      2000,
    );
    expect(
      classifyFailure({ headers: { 'retry-after': '1' }, response: { headers: { 'retry-after': '2' } } })
        .retryAfterMs,
    ).toBe(1000);
  });

  it('reads ms that an SDK has parsed, before any header and never below 0', () => {
    const headers = { 'retry-after': '9' };
    expect(classifyFailure({ retryAfterMs: 250, headers }).retryAfterMs).toBe(250);
    expect(classifyFailure({ retryAfterInMs: 350, headers }).retryAfterMs).toBe(350);
    expect(classifyFailure({ retryAfterMs: Number.NaN, retryAfterInMs: 350 }).retryAfterMs).toBe(350);
    expect(classifyFailure({ retryAfterMs: -1 }).retryAfterMs).toBe(0);
  });

  it('is evidence enough to retry, and does not make a fatal failure worth repeating', () => {
    const headers = { 'retry-after': '1' };
    expect(classifyFailure({ headers, cause: { status: 401 } })).toEqual({
      retryable: true,
      retryAfterMs: 1000,
    });
    expect(classifyFailure({ headers, code: 'ODD' })).toEqual({
      retryable: true,
      retryAfterMs: 1000,
      identityCode: 'ODD',
    });
    expect(classifyFailure({ headers, status: 401 })).toEqual({ retryable: false, retryAfterMs: 1000 });
    expect(classifyFailure({ headers, errorCode: 'invalid_client' })).toEqual({
      retryable: false,
      retryAfterMs: 1000,
      identityCode: 'invalid_client',
    });
    expect(classifyFailure({ headers, code: 'ECONNRESET' }).retryAfterMs).toBe(1000);
    expect(classifyFailure({ headers, name: 'TimeoutError' }).retryAfterMs).toBe(1000);
  });
});

describe('classifyFailure whatever it is given', () => {
  it('gives a verdict of the right shape (1,000 cases)', () => {
    const anything = fc.anything({
      key: fc.oneof(
        fc.constantFrom(
          'cause',
          'errors',
          'status',
          'statusCode',
          'code',
          'errorCode',
          'headers',
          'response',
        ),
        fc.constantFrom('name', 'error', 'retryAfterMs', 'retryAfterInMs', 'retry-after'),
      ),
      withNullPrototype: true,
      withMap: true,
      withBigInt: true,
      withDate: true,
    });
    fc.assert(
      fc.property(anything, (error) => {
        const { retryable, retryAfterMs, identityCode, ...rest } = classifyFailure(error);
        expect(typeof retryable).toBe('boolean');
        expect(rest).toEqual({});
        if (retryAfterMs !== undefined) {
          expect(Number.isFinite(retryAfterMs)).toBe(true);
          expect(retryAfterMs).toBeGreaterThanOrEqual(0);
        }
        if (identityCode !== undefined) expect(identityCode.length).toBeGreaterThan(0);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('identityFailure', () => {
  it('gives a failure that is worth repeating the code IDENTITY_UNAVAILABLE, with its text and its cause', () => {
    const cause = Object.assign(new Error('connect refused'), { code: 'ECONNREFUSED', retryAfterMs: 5 });
    const { error, retryable } = identityFailure(cause, undefined);
    expect(retryable).toBe(true);
    expect(error).toMatchObject({
      code: 'IDENTITY_UNAVAILABLE',
      retryable: true,
      retryAfterMs: 5,
      identityCode: 'ECONNREFUSED',
      message: 'the identity provider gave no token: connect refused',
    });
    expect(error.cause).toBe(cause);
  });

  it('gives a refusal the code IDENTITY_REJECTED', () => {
    const { error, retryable } = identityFailure({ errorCode: 'invalid_client', message: 'no' }, undefined);
    expect(retryable).toBe(false);
    expect(error).toMatchObject({
      code: 'IDENTITY_REJECTED',
      retryable: false,
      identityCode: 'invalid_client',
    });
  });

  it('passes an EntraIdError on as it is, with the code it has', () => {
    for (const code of ['TOKEN_EXPIRED', 'INVALID_TOKEN'] as const) {
      const cause = new EntraIdError(code, 'x');
      expect(identityFailure(cause, undefined)).toEqual({
        error: cause,
        retryable: code === 'TOKEN_EXPIRED',
      });
      expect(identityFailure(cause, undefined).error).toBe(cause);
    }
  });

  it("asks the application's isRetryable about the failure itself, and takes its word either way", () => {
    const transient = { status: 503 };
    const fatal = { status: 401 };
    const asked: unknown[] = [];
    const answer = (retryable: boolean) => (failure: unknown) => {
      asked.push(failure);
      return retryable;
    };
    expect(identityFailure(transient, answer(false))).toMatchObject({
      retryable: false,
      error: { code: 'IDENTITY_UNAVAILABLE', retryable: false },
    });
    expect(identityFailure(fatal, answer(true))).toMatchObject({
      retryable: true,
      error: { code: 'IDENTITY_REJECTED', retryable: true },
    });
    expect(asked).toEqual([transient, fatal]);
    expect(asked[0]).toBe(transient);
    expect(identityFailure(new EntraIdError('INVALID_TOKEN', 'x'), answer(true)).retryable).toBe(true);
  });

  it('judges by default when isRetryable throws, and reports what it threw', () => {
    const thrown = new Error('from isRetryable');
    const reported: unknown[] = [];
    const report = (event: unknown): void => void reported.push(event);
    subscribe('entraid:listener:error', report);
    try {
      const failing = (): boolean => {
        throw thrown;
      };
      expect(identityFailure({ status: 503 }, failing).retryable).toBe(true);
      expect(identityFailure({ status: 401 }, failing).retryable).toBe(false);
      expect(identityFailure({ status: 503 }, undefined).retryable).toBe(true);
    } finally {
      unsubscribe('entraid:listener:error', report);
    }
    expect(reported).toEqual([{ error: thrown }, { error: thrown }]);
  });
});

describe('messageOf', () => {
  it.each([
    ['the message', { message: 'text', code: 'ECODE', name: 'NameError' }, 'text'],
    ['the code where the message is empty', { message: '', code: 'ECODE', name: 'NameError' }, 'ECODE'],
    ['the name where neither is text', { message: 7, code: 20, name: 'NameError' }, 'NameError'],
    ['that there is none', { message: '', code: '', name: '' }, 'an error without a message'],
    ['that there is none for an empty object', {}, 'an error without a message'],
    ['a message of 1 character', { message: 'x' }, 'x'],
    ['a text itself', 'text', 'text'],
    ['null', null, 'null'],
    ['undefined', undefined, 'undefined'],
    ['a number', 7, '7'],
    ['a symbol', Symbol('s'), 'Symbol(s)'],
  ])('says %s', (_, cause, message) => {
    expect(messageOf(cause)).toBe(message);
  });
});
