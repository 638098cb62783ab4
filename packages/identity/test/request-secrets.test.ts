import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { RequestSecrets } from '../src/request-secrets.js';
import { SECRET } from './fixtures/entra-stub.js';

const form = (fields: Record<string, string>): string => new URLSearchParams(fields).toString();

describe('RequestSecrets', () => {
  it.each([
    'client_secret',
    'client_assertion',
    'assertion',
    'code',
    'code_verifier',
    'refresh_token',
    'password',
  ])('redacts the value of %s, plain and percent-encoded', (field) => {
    const secrets = new RequestSecrets(form({ client_id: 'the-client-id', [field]: SECRET }));
    expect(secrets.redact(`a ${SECRET} b ${encodeURIComponent(SECRET)} the-client-id`)).toBe(
      'a [redacted] b [redacted] the-client-id',
    );
  });

  it('redacts values from 8 characters on, and leaves shorter ones, which are ordinary words', () => {
    const redact = (value: string): string =>
      new RequestSecrets(form({ client_secret: value })).redact(`<${value}>`);
    expect(redact('12345678')).toBe('<[redacted]>');
    expect(redact('1234567')).toBe('<1234567>');
  });

  it('redacts every string of a JSON value and keeps the rest', () => {
    const secrets = new RequestSecrets(form({ client_secret: SECRET }));
    expect(secrets.redactJson({ a: [1, null, { b: `x${SECRET}` }], c: 'c' })).toEqual({
      a: [1, null, { b: 'x[redacted]' }],
      c: 'c',
    });
    expect(new RequestSecrets(undefined).redactJson(undefined)).toBeUndefined();
  });

  it('keeps name, message, code and causes of an error, and nothing else that hangs on it', () => {
    const secrets = new RequestSecrets(form({ client_secret: SECRET }));
    const cause = Object.assign(new Error(`sent ${SECRET}`), {
      code: 'ECONNRESET',
      request: { data: SECRET },
    });
    const error = Object.assign(new TypeError('failed', { cause }), { config: { data: SECRET } });
    const summary = secrets.summarize(error);
    expect(summary).toMatchObject({
      name: 'TypeError',
      message: 'failed',
      cause: { message: 'sent [redacted]', code: 'ECONNRESET' },
    });
    expect(inspect(summary, { depth: null, showHidden: true })).not.toContain(SECRET);
  });

  it('follows a chain of causes that bites its tail no deeper than 5', () => {
    const error = new Error('again');
    error.cause = error;
    let depth = 0;
    for (
      let node: unknown = new RequestSecrets('').summarize(error);
      node instanceof Error;
      node = node.cause
    )
      depth++;
    expect(depth).toBe(6);
  });

  it.each([['a string'], [undefined], [null], [7]])('makes an error of %p', (thrown) => {
    expect(new RequestSecrets('').summarize(thrown).message).toBe(String(thrown));
  });
});
