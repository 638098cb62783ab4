import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { withCredentials } from '../src/index.js';
import { OID, testCredentials } from './support/credentials.js';

describe('withCredentials', () => {
  it('returns new options and leaves the given ones alone', () => {
    const options = Object.freeze({ host: 'localhost', port: 10_000 });
    const armed = withCredentials(options, testCredentials().credentials);
    expect(armed).not.toBe(options);
    expect(armed).toMatchObject(options);
    expect(Object.keys(options)).toEqual(['host', 'port']);
  });

  it('reads user name and password when they are made strings, each time anew', async () => {
    const { credentials, tokens } = testCredentials();
    const { username, password } = withCredentials({ host: 'localhost' }, credentials) as {
      username?: string;
      password?: string;
    };
    expect([String(username), String(password)]).toEqual(['', '']);
    await credentials.tokenManager.getToken();
    expect([String(username), String(password)]).toEqual([OID, tokens[0]]);
    await credentials.tokenManager.getToken({ forceRefresh: true });
    expect(String(password)).toBe(tokens[1]);
    credentials.close();
  });

  it('A13 keeps the token out of inspect and JSON, also after spreading and deep cloning', async () => {
    const { credentials, tokens } = testCredentials();
    await credentials.tokenManager.getToken();
    const armed = withCredentials({ host: 'localhost' }, credentials);
    const cloned = cloneDeep({ ...armed });
    for (const options of [armed, cloned]) {
      expect(String((options as { password?: string }).password)).toBe(tokens[0]);
      for (const printed of [inspect(options, { depth: null, showHidden: true }), JSON.stringify(options)]) {
        expect(printed).toContain('[redacted]');
        expect(printed).not.toContain(tokens[0]);
      }
    }
    credentials.close();
  });

  it('carries the token through a client made from another client’s options', async () => {
    const { credentials, tokens } = testCredentials();
    await credentials.tokenManager.getToken();
    const first = new Redis(withCredentials({ lazyConnect: true }, credentials));
    const second = new Redis(first.options as { lazyConnect: true });
    expect(String(second.options.password)).toBe(tokens[0]);
    first.disconnect();
    second.disconnect();
    credentials.close();
  });

  it('takes options that are armed already, for the same or for other credentials', async () => {
    const [one, two] = [testCredentials(), testCredentials()];
    await Promise.all([one.credentials.tokenManager.getToken(), two.credentials.tokenManager.getToken()]);
    class Own extends Object {}
    const armed = withCredentials({ Connector: Own as never, reconnectOnError: () => true }, one.credentials);
    const again = withCredentials(armed, one.credentials);
    expect(again.Connector).toBe(armed.Connector);
    expect(again.reconnectOnError).toBe(armed.reconnectOnError);
    const moved = withCredentials(armed, two.credentials) as { password?: string; Connector?: unknown };
    expect(String(moved.password)).toBe(two.tokens[0]);
    expect(moved.Connector).not.toBe(armed.Connector);
    expect((moved.Connector as { own: unknown }).own).toBe(Own);
    one.credentials.close();
    two.credentials.close();
  });

  it.each([
    ['username', { username: 'me' }],
    ['password', { password: 'hunter2' }],
  ])('refuses options with a %s, without printing it', (name, options) => {
    const attempt = (): unknown =>
      withCredentials({ host: 'localhost', ...options }, testCredentials().credentials);
    expect(attempt).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(name) }),
    );
    expect(attempt).not.toThrow(/hunter2/);
  });

  it.each([undefined, null, ''])('takes %p as no password', (password) => {
    expect(() =>
      withCredentials({ password: password as string }, testCredentials().credentials),
    ).not.toThrow();
  });

  it('leaves the credentials for the sentinels alone', () => {
    const own = {
      sentinels: [{ host: 'localhost' }],
      name: 'm',
      sentinelUsername: 's',
      sentinelPassword: 'p',
    };
    expect(withCredentials(own, testCredentials().credentials)).toMatchObject(own);
  });

  it.each([undefined, null, 'x', {}, { requestToken: () => {} }, { tokenManager: {} }])(
    'refuses %p as credentials',
    (credentials) => {
      expect(() => withCredentials({}, credentials as never)).toThrow(
        expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining('credentials') }),
      );
    },
  );

  it('takes an object that holds a credentials provider', async () => {
    const { credentials, tokens } = testCredentials();
    await credentials.tokenManager.getToken();
    const armed = withCredentials({}, { credentialsProvider: credentials }) as { password?: string };
    expect(String(armed.password)).toBe(tokens[0]);
    credentials.close();
  });

  it('refuses options that are not an object', () => {
    expect(() => withCredentials(null as never, testCredentials().credentials)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining('options') }),
    );
  });

  it('A14 keeps sign-in errors, in any spelling, from reconnectOnError and nothing else', () => {
    const seen: string[] = [];
    const { reconnectOnError } = withCredentials(
      {
        reconnectOnError: (error: Error) => {
          seen.push(error.message);
          return 2 as const;
        },
      },
      testCredentials().credentials,
    );
    const failed = (message: string, name?: string): Error =>
      Object.assign(new Error(message), name === undefined ? {} : { command: { name, args: [] } });
    expect(reconnectOnError(failed('WRONGPASS', 'auth'))).toBe(false);
    expect(reconnectOnError(failed('WRONGPASS', 'HELLO'))).toBe(false);
    expect(reconnectOnError(failed('READONLY', 'set'))).toBe(2);
    expect(reconnectOnError(failed('LOADING'))).toBe(2);
    expect(seen).toEqual(['READONLY', 'LOADING']);
  });
});

/** What deep-merging configuration libraries do: own enumerable keys, symbols included, functions by reference. */
function cloneDeep<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  const entries = Reflect.ownKeys(value).map((key) => [
    key,
    cloneDeep((value as Record<PropertyKey, unknown>)[key]),
  ]);
  return Object.fromEntries(entries) as T;
}
