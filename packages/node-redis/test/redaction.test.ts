import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type EntraIdError, rawToken, type StreamingCredentials } from '../src/index.js';
import { AT_ONCE, Fixture, rotate } from './fixture.js';

let fixture: Fixture;

beforeAll(async () => {
  fixture = await Fixture.start();
});
afterEach(() => fixture.endTest());
afterAll(() => fixture.close());

describe('[row q] the token', () => {
  it('is in no print of the provider, of a client, of the credentials or of an error, at any depth', async () => {
    const tokens: string[] = [];
    const told: EntraIdError[] = [];
    const offered: StreamingCredentials[] = [];
    const provider = fixture.provider(
      { ...AT_ONCE, onReAuthenticationError: (error) => told.push(error) },
      {
        requestToken: async () => {
          tokens.push(fixture.token(3_600_000 + tokens.length * 1000));
          return rawToken(tokens.at(-1));
        },
      },
    );
    const client = await fixture.client(provider).connect();
    const inner: { reAuthenticate(credentials: StreamingCredentials): Promise<void> } =
      Object.getPrototypeOf(client);
    const { reAuthenticate } = inner;
    inner.reAuthenticate = (credentials) => {
      offered.push(credentials);
      return reAuthenticate(credentials);
    };
    const subscribed = await provider.subscribe({ onNext: () => {}, onError: () => {} });
    subscribed[1].dispose();
    fixture.gate.refuseNext(1, `WRONGPASS ${tokens[0]}`);
    await rotate(provider);
    expect(tokens).toHaveLength(2);
    expect(subscribed[0].password).toBe(tokens[0]);
    expect(offered.map(({ password }) => password)).toContain(tokens[1]);
    expect(told).toHaveLength(1);
    const secrets = tokens.map((token) => token.slice(0, 60));
    for (const value of [
      provider,
      client,
      subscribed,
      offered,
      told[0]?.message,
      provider.credentialsProvider,
    ]) {
      for (const print of prints(value)) {
        for (const secret of secrets) expect(print).not.toContain(secret);
      }
    }
  });

  it('is in no print of a provider or a client while its first request is under way or has failed', async () => {
    const token = fixture.token();
    const provider = fixture.provider(AT_ONCE, {
      requestToken: () => Promise.reject(new Error(`the server said: ${token}`)),
    });
    const client = fixture.client(provider, { socket: { reconnectStrategy: false } });
    const error = await client.connect().catch((rejection: Error) => rejection);
    expect((error as Error).message).toContain('the server said');
    for (const print of [...prints(provider), ...prints(client), (error as Error).message]) {
      expect(print).not.toContain(token.slice(0, 60));
    }
  });
});

function prints(value: unknown): string[] {
  const deep = {
    depth: null,
    showHidden: true,
    getters: false,
    maxArrayLength: null,
    maxStringLength: null,
  } as const;
  return [inspect(value), inspect(value, deep), JSON.stringify(value, withoutCycles()) ?? '', String(value)];
}

/** A client refers to itself, which JSON cannot say. */
function withoutCycles(): (key: string, value: unknown) => unknown {
  const seen = new Set<unknown>();
  return (_key, value) => {
    if (typeof value !== 'object' || value === null) return value;
    if (seen.has(value)) return undefined;
    seen.add(value);
    return value;
  };
}
