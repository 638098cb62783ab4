import { describe, expect, it } from '@jest/globals';
import {
  CredentialsProvider,
  createCredentialsProvider,
  type EntraIdError,
  rawToken,
  type Token,
  TokenManager,
} from '../src/index.js';
import {
  FakeClock,
  type IdentityScript,
  ScriptedIdentityProvider,
  unsignedJwt,
} from '../src/testing/index.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const ROTATION = 42 * MINUTE;

function setup(script?: IdentityScript) {
  const clock = new FakeClock();
  const fresh: IdentityScript = ({ number }) => {
    const iat = clock.now() / 1000;
    return rawToken(unsignedJwt({ oid: 'user', iat, exp: iat + 3600, uti: number }));
  };
  const source = new ScriptedIdentityProvider(script ?? fresh);
  const provider = createCredentialsProvider(source, { clock, refreshJitterRatio: 0 });
  return { clock, source, provider, fresh };
}

function recorder() {
  const versions: number[] = [];
  const errors: string[] = [];
  return {
    versions,
    errors,
    onNext: (token: Token) => void versions.push(token.version),
    onError: (error: EntraIdError) => void errors.push(error.code),
  };
}

describe('CredentialsProvider.subscribe', () => {
  it('[S1 S8] resolves to the first credentials, and gives the listener every later one', async () => {
    const { provider, clock } = setup();
    const listener = recorder();
    const [token, subscription] = await provider.subscribe(listener);
    expect([token.username, token.version]).toEqual(['user', 1]);
    expect(listener.versions).toEqual([]);
    await clock.advance(ROTATION);
    expect(listener.versions).toEqual([2]);
    subscription.dispose();
    subscription[Symbol.dispose]();
    await clock.advance(2 * ROTATION);
    expect(listener.versions).toEqual([2]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('[S9 S10 S12] reaches each of 12 listeners once per rotation, with one request', async () => {
    const { provider, clock, source } = setup();
    const listeners = Array.from({ length: 12 }, recorder);
    await Promise.all(listeners.map((listener) => provider.subscribe(listener)));
    await clock.advance(ROTATION);
    expect(listeners.map(({ versions }) => versions)).toEqual(listeners.map(() => [2]));
    expect(source.requests).toHaveLength(2);
  });

  it('[S11] subscribes one object once, however often it asks, and any handle ends it', async () => {
    const { provider, clock } = setup();
    const listener = recorder();
    const [[, first], [, second]] = await Promise.all([
      provider.subscribe(listener),
      provider.subscribe(listener),
    ]);
    await clock.advance(ROTATION);
    expect(listener.versions).toEqual([2]);
    second.dispose();
    first.dispose();
    await clock.advance(ROTATION);
    expect(listener.versions).toEqual([2]);
  });

  it('[S13] tells every listener of a failed round, once', async () => {
    const { provider, clock, source } = setup();
    const listeners = [recorder(), recorder()];
    await Promise.all(listeners.map((listener) => provider.subscribe(listener)));
    source.script = () => Promise.reject(Object.assign(new Error('no'), { errorCode: 'invalid_client' }));
    await clock.advance(ROTATION);
    expect(listeners.map(({ errors }) => errors)).toEqual([['IDENTITY_REJECTED'], ['IDENTITY_REJECTED']]);
  });

  it('[S14] rejects every subscriber when there is no token, leaves nothing behind, and works again later', async () => {
    const { provider, clock, source, fresh } = setup(() =>
      Promise.reject(Object.assign(new Error('no'), { errorCode: 'invalid_client' })),
    );
    const listeners = [recorder(), recorder()];
    const outcomes = await Promise.allSettled(listeners.map((listener) => provider.subscribe(listener)));
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(clock.pendingTimers).toBe(0);
    source.script = fresh;
    await clock.advance(MINUTE);
    const [token] = await provider.subscribe(listeners[0] as never);
    expect(token.version).toBe(1);
  });

  it('[S15 S16] lets a listener end its own subscription inside onNext', async () => {
    const { provider, clock } = setup();
    const versions: number[] = [];
    const [, subscription] = await provider.subscribe({
      onNext: (token) => {
        versions.push(token.version);
        subscription.dispose();
      },
    });
    await clock.advance(3 * ROTATION);
    expect(versions).toEqual([2]);
  });

  it('rejects with ABORTED when its handle is closed by close() before the first token', async () => {
    const { provider, clock } = setup(() => new Promise(() => {}));
    const outcome = provider.subscribe(recorder()).catch((error: EntraIdError) => error.code);
    await clock.advance(1);
    provider.close();
    expect(['ABORTED', 'CLOSED']).toContain(await outcome);
    expect(clock.pendingTimers).toBe(0);
  });

  it('closing one client never stops another', async () => {
    const { provider, clock } = setup();
    const [leaving, staying] = [recorder(), recorder()];
    const [, subscription] = await provider.subscribe(leaving);
    await provider.subscribe(staying);
    subscription.dispose();
    await clock.advance(ROTATION);
    expect([leaving.versions, staying.versions]).toEqual([[], [2]]);
  });
});

describe('createCredentialsProvider', () => {
  it('gives a credentials provider back, unwraps an adapter that carries one, and shares a token manager', () => {
    const { provider, source } = setup();
    expect(createCredentialsProvider(provider)).toBe(provider);
    expect(createCredentialsProvider({ credentialsProvider: provider })).toBe(provider);
    const manager = new TokenManager(source);
    expect(createCredentialsProvider(manager).tokenManager).toBe(manager);
    expect(createCredentialsProvider(source)).toBeInstanceOf(CredentialsProvider);
  });

  it('refuses options that belong to what exists already, unknown ones, and a source that is none', () => {
    const { provider, source } = setup();
    const manager = new TokenManager(source);
    const attempts = [
      () => createCredentialsProvider(provider, { requestTimeoutMs: 1000 }),
      () => createCredentialsProvider(manager, { requestTimeoutMs: 1000 }),
      () => createCredentialsProvider(source, { refreshRatio: 0.5 } as never),
      () => createCredentialsProvider(source, { reauthentication: { windowMs: -1 } }),
      () => createCredentialsProvider({} as never),
      () => createCredentialsProvider(undefined as never),
      () => createCredentialsProvider('token' as never),
    ];
    for (const attempt of attempts) {
      expect(attempt).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
    }
  });
});
