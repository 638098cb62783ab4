import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ReconnectStrategyError } from 'redis';
import { type EntraIdError, isEntraIdError, rawToken } from '../src/index.js';
import { AT_ONCE, emitted, Fixture, rotate } from './fixture.js';

let fixture: Fixture;

beforeAll(async () => {
  fixture = await Fixture.start();
});
afterEach(() => fixture.endTest());
afterAll(() => fixture.close());

const WRONG_SECRET = Object.assign(new Error('AADSTS7000215: Invalid client secret provided.'), {
  errorCode: 'invalid_client',
});

describe('an identity provider that says no', () => {
  it('[row b] [row s] rejects connect() at once with the code and the cause, after 1 request', async () => {
    let requests = 0;
    const provider = fixture.provider(AT_ONCE, {
      requestToken: () => {
        requests++;
        return Promise.reject(WRONG_SECRET);
      },
    });
    const client = fixture.client(provider, { socket: { reconnectStrategy: false } });
    const error = await client.connect().catch((rejection: unknown) => rejection);
    expect(isEntraIdError(error)).toBe(true);
    expect(error).toMatchObject({
      code: 'IDENTITY_REJECTED',
      identityCode: 'invalid_client',
      retryable: false,
      cause: WRONG_SECRET,
    });
    expect(fixture.errors).toEqual([error]);
    expect(requests).toBe(1);
  });

  it('[row b] makes reconnects fail fast: 10 error events, still 1 request', async () => {
    let requests = 0;
    const provider = fixture.provider(AT_ONCE, {
      requestToken: () => {
        requests++;
        return Promise.reject(WRONG_SECRET);
      },
    });
    const client = fixture.client(provider, { socket: { reconnectStrategy: 1 } });
    client.connect().catch(() => {});
    while (fixture.errors.length < 10) await emitted(client, 'error');
    for (const error of fixture.errors) expect(error).toMatchObject({ code: 'IDENTITY_REJECTED' });
    expect(requests).toBe(1);
    expect(provider.credentialsProvider.reauthenticator.status().connections).toBe(0);
  });
});

describe('a reconnectStrategy that gives up on what is not retryable', () => {
  it('[row b] makes connect() reject with the client’s ReconnectStrategyError around the EntraIdError', async () => {
    const provider = fixture.provider(AT_ONCE, { requestToken: () => Promise.reject(WRONG_SECRET) });
    const client = fixture.client(provider, {
      socket: {
        reconnectStrategy: (retries: number, cause: Error) =>
          isEntraIdError(cause) && !cause.retryable ? cause : Math.min(50 * 2 ** retries, 2000),
      },
    });
    const error = await client.connect().catch((rejection: unknown) => rejection);
    expect(error).toBeInstanceOf(ReconnectStrategyError);
    expect(error).toMatchObject({ originalError: { code: 'IDENTITY_REJECTED' } });
    expect(client.isOpen).toBe(false);
  });
});

describe('an identity provider that fails once', () => {
  it('[row b] costs a connecting client a second request, no error and no connection', async () => {
    const good = fixture.identityProvider();
    let failures = 1;
    const provider = fixture.provider(
      { ...AT_ONCE, retry: { initialDelayMs: 50 } },
      {
        requestToken: (options) =>
          failures-- > 0
            ? Promise.reject(Object.assign(new Error('busy'), { status: 503 }))
            : good.requestToken(options),
      },
    );
    const opened = fixture.gate.connections.total;
    const client = await fixture.client(provider, { socket: { reconnectStrategy: false } }).connect();
    expect(await client.ping()).toBe('PONG');
    expect(fixture.errors).toEqual([]);
    expect(fixture.gate.connections.total - opened).toBe(1);
  });

  it('[row c] leaves none of 10 connecting clients behind: all reject, and 10 new ones connect', async () => {
    const good = fixture.identityProvider();
    let down = true;
    const provider = fixture.provider(
      { ...AT_ONCE, retry: { maxAttempts: 1, initialDelayMs: 50, maxDelayMs: 50 } },
      {
        requestToken: (options) =>
          down
            ? Promise.reject(Object.assign(new Error('down'), { status: 503 }))
            : good.requestToken(options),
      },
    );
    const connectTen = (socket: object): Promise<PromiseSettledResult<unknown>[]> =>
      Promise.allSettled(Array.from({ length: 10 }, () => fixture.client(provider, { socket }).connect()));
    for (const result of await connectTen({ reconnectStrategy: false })) {
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'IDENTITY_UNAVAILABLE' } });
    }
    down = false;
    for (const result of await connectTen({ reconnectStrategy: 20 })) expect(result.status).toBe('fulfilled');
    expect(provider.credentialsProvider.reauthenticator.status().connections).toBe(10);
  });
});

describe('a token that the server no longer takes', () => {
  it('is replaced after 2 refused handshakes of one client', async () => {
    const tokens: string[] = [];
    const provider = fixture.provider(AT_ONCE, {
      requestToken: async () => {
        tokens.push(fixture.token(3_600_000 + tokens.length * 1000));
        return rawToken(tokens.at(-1));
      },
    });
    const client = await fixture.client(provider).connect();
    fixture.gate.revoke(tokens[0] as string);
    const before = fixture.gate.auths().length;
    const ready = emitted(client, 'ready');
    fixture.gate.killAll();
    await ready;
    expect(fixture.gate.auths().slice(before)).toMatchObject([
      { kind: 'HELLO', accepted: false },
      { kind: 'HELLO', accepted: false },
      { kind: 'HELLO', accepted: true },
    ]);
    expect(tokens).toHaveLength(2);
  });

  it('is kept when the connection breaks 5 times in the handshake without a refusal', async () => {
    const provider = fixture.provider();
    const client = await fixture.client(provider).connect();
    let toBreak = 5;
    // Told before the client has the reply.
    const leave = fixture.gate.on('auth', ({ connectionId }) => {
      if (toBreak-- > 0) fixture.gate.kill(connectionId);
    });
    const ready = emitted(client, 'ready');
    fixture.gate.killAll();
    await ready;
    leave();
    expect(fixture.errors).toHaveLength(6);
    expect(fixture.requests).toBe(1);
  });

  it('is rejected once by a client that never gets in, however often it tries', async () => {
    const provider = fixture.provider();
    const rejected: unknown[] = [];
    const { tokenManager } = provider.credentialsProvider;
    const { rejectToken } = tokenManager;
    tokenManager.rejectToken = (token) => {
      rejected.push(token);
      rejectToken.call(tokenManager, token);
    };
    fixture.gate.refuseNext(8);
    const client = await fixture.client(provider).connect();
    expect(fixture.errors).toHaveLength(8);
    expect(rejected).toHaveLength(1);
    expect(await client.ping()).toBe('PONG');
  });
});

describe('onReAuthenticationError', () => {
  it('[row s] hears once of an outage of 3 rounds in which all connections break, and once of the next one', async () => {
    const good = fixture.identityProvider();
    let down = false;
    let rounds = 0;
    const told: EntraIdError[] = [];
    const provider = fixture.provider(
      {
        ...AT_ONCE,
        retry: { maxAttempts: 1, initialDelayMs: 50, maxDelayMs: 50 },
        onReAuthenticationError: (error) => told.push(error),
      },
      {
        requestToken: (options) => {
          if (!down) return good.requestToken(options);
          rounds++;
          return Promise.reject(Object.assign(new Error('down'), { status: 503 }));
        },
      },
    );
    const clients = await Promise.all(Array.from({ length: 10 }, () => fixture.client(provider).connect()));
    const { tokenManager } = provider.credentialsProvider;
    for (let incident = 1; incident <= 2; incident++) {
      down = true;
      for (let round = 0; round < 3; round++) {
        await tokenManager.getToken({ forceRefresh: true }).catch(() => {});
        const allReady = Promise.all(clients.map((client) => emitted(client, 'ready')));
        fixture.gate.killAll();
        await allReady;
      }
      down = false;
      expect(told).toHaveLength(incident);
      await rotate(provider);
    }
    expect(rounds).toBe(6);
    expect(told).toMatchObject([
      { code: 'IDENTITY_UNAVAILABLE', cause: { message: 'down', status: 503 } },
      { code: 'IDENTITY_UNAVAILABLE' },
    ]);
  });

  it('[row k] [row s] hears again of an outage after the source gave the same token once more', async () => {
    const token = fixture.token();
    let down = false;
    const told: EntraIdError[] = [];
    const provider = fixture.provider(
      {
        ...AT_ONCE,
        retry: { maxAttempts: 1, initialDelayMs: 50, maxDelayMs: 50 },
        onReAuthenticationError: (error) => told.push(error),
      },
      {
        requestToken: () =>
          down
            ? Promise.reject(Object.assign(new Error('down'), { status: 503 }))
            : Promise.resolve(rawToken(token)),
      },
    );
    const client = await fixture.client(provider).connect();
    const before = fixture.gate.auths().length;
    const { tokenManager } = provider.credentialsProvider;
    for (let incident = 1; incident <= 2; incident++) {
      down = true;
      await tokenManager.getToken({ forceRefresh: true }).catch(() => {});
      expect(told).toHaveLength(incident);
      down = false;
      await tokenManager.getToken({ forceRefresh: true });
    }
    await client.ping();
    expect(fixture.gate.auths().length - before).toBe(0);
  });

  it('[row s] hears once, not 5 times, that the connections near their token’s expiry without a newer one', async () => {
    const told: EntraIdError[] = [];
    const atRisk = new Promise<void>((resolve) => {
      const provider = fixture.provider(
        {
          ...AT_ONCE,
          retry: { maxAttempts: 1, initialDelayMs: 50 },
          onReAuthenticationError: (error) => {
            told.push(error);
            if (error.code === 'CONNECTION_AT_RISK') resolve();
          },
        },
        {
          requestToken: () =>
            fixture.requests++ === 0
              ? Promise.resolve(rawToken(fixture.token(2000)))
              : Promise.reject(Object.assign(new Error('down'), { status: 503 })),
        },
      );
      for (let i = 0; i < 5; i++)
        fixture
          .client(provider)
          .connect()
          .catch(() => {});
    });
    await atRisk;
    await new Promise(setImmediate);
    expect(told).toMatchObject([{ code: 'IDENTITY_UNAVAILABLE' }, { code: 'CONNECTION_AT_RISK' }]);
    expect(told[1]?.connectionId).toContain(fixture.emulator.redis.host);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('from the application');
      },
    ],
    ['rejects', () => Promise.reject(new Error('from the application'))],
  ])('[row g] [row p] that %s hurts nobody, and what it threw is published', async (_how, callback) => {
    const published: unknown[] = [];
    const onMessage = (message: unknown): number => published.push(message);
    subscribe('entraid:listener:error', onMessage);
    const provider = fixture.provider({ ...AT_ONCE, onReAuthenticationError: callback });
    const client = await fixture.client(provider).connect();
    fixture.gate.refuseNext(1);
    await rotate(provider);
    expect(await client.ping()).toBe('PONG');
    expect(provider.credentialsProvider.reauthenticator.status().behind).toBe(0);
    expect(published).toMatchObject([{ error: { message: 'from the application' } }]);
    unsubscribe('entraid:listener:error', onMessage);
  });

  it('is refused when it is not a function, as are unknown options', () => {
    for (const options of [{ onReAuthenticationError: 'log' }, { onReauthenticationError: () => {} }]) {
      expect(() => fixture.provider(options as object)).toThrow(
        expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringMatching(/on[Rr]e[Aa]uth/) }),
      );
    }
  });
});
