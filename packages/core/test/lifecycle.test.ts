import { describe, expect, it } from '@jest/globals';
import {
  createCredentialsProvider,
  type EntraIdError,
  rawToken,
  type Token,
  TokenManager,
} from '../src/index.js';
import { FakeClock, ScriptedIdentityProvider, unsignedJwt } from '../src/testing/index.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const ROTATION = 42 * MINUTE;

function setup() {
  const clock = new FakeClock();
  const source = new ScriptedIdentityProvider(({ number }) => {
    const iat = Math.floor(clock.now() / 1000);
    return rawToken(unsignedJwt({ oid: 'user', iat, exp: iat + 3600, uti: number }));
  });
  return { clock, source, manager: new TokenManager(source, { clock, refreshJitterRatio: 0 }) };
}

/** The same sequence in every run. */
function pseudoRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

describe('TokenManager under churn', () => {
  it('[L3] one subscription ended 50,000 times ends once: the other one goes on', async () => {
    const { manager, clock } = setup();
    const tokens: number[] = [];
    const unsubscribe = manager.subscribe({ onNext: () => {} });
    manager.subscribe({ onNext: ({ version }) => void tokens.push(version) });
    for (let i = 0; i < 50_000; i++) unsubscribe();
    await clock.advance(ROTATION);
    expect(tokens).toEqual([1, 2]);
  });

  it('[L4] 50,000 subscribers start one request, and each hears of the token once', async () => {
    const { manager, clock, source } = setup();
    let heard = 0;
    for (let i = 0; i < 50_000; i++)
      manager.subscribe({
        onNext: () => {
          heard++;
        },
      });
    await clock.advance(0);
    expect(source.requests).toHaveLength(1);
    expect(heard).toBe(50_000);
  });

  it('[L5] 50,000 random subscribes and unsubscribes end as the last of them says, with one request', async () => {
    const { manager, clock, source } = setup();
    const random = pseudoRandom(1);
    const active: (() => void)[] = [];
    for (let i = 0; i < 50_000; i++) {
      if (random() < 0.5) active.push(manager.subscribe({ onNext: () => {} }));
      else active.pop()?.();
      if (i % 5000 === 0) await clock.advance(0);
    }
    await clock.advance(SECOND);
    expect(source.requests.length).toBeLessThanOrEqual(2);
    expect(manager.status().nextRefreshAtMs === undefined).toBe(active.length === 0);
    for (const unsubscribe of active) unsubscribe();
    expect(clock.pendingTimers).toBe(0);
  });

  it('[L6] 1,000 rounds of 50 mixed getToken, subscribe and unsubscribe leave a manager that still gives tokens', async () => {
    const { manager, clock, source } = setup();
    const random = pseudoRandom(2);
    const outcomes = { tokens: 0, errors: 0 };
    for (let round = 0; round < 1000; round++) {
      for (let i = 0; i < 50; i++) {
        const dice = random();
        if (dice < 0.6) {
          manager.getToken({ forceRefresh: dice < 0.01 }).then(
            () => {
              outcomes.tokens++;
            },
            () => {
              outcomes.errors++;
            },
          );
        } else manager.subscribe({ onNext: () => {} })();
      }
      if (round % 20 === 0) await clock.advance(10);
    }
    await clock.advance(2 * SECOND);
    expect(outcomes.errors).toBe(0);
    expect(outcomes.tokens).toBeGreaterThan(25_000);
    const forced = manager.getToken({ forceRefresh: true });
    await clock.advance(SECOND);
    expect((await forced).version).toBeGreaterThan(1);
    expect(source.maxInFlight).toBe(1);
  });
});

describe('CredentialsProvider under churn', () => {
  const provider = (source: ScriptedIdentityProvider, clock: FakeClock) =>
    createCredentialsProvider(source, { clock, refreshJitterRatio: 0 });

  it('[S17 S18] 10 listeners that end themselves beside 10 that stay: each of the former hears 1 of 5 rotations, the latter all', async () => {
    const { clock, source } = setup();
    const credentials = provider(source, clock);
    const heard = Array.from({ length: 20 }, () => 0);
    const handles = await Promise.all(
      heard.map((_, index) =>
        credentials.subscribe({
          onNext: () => {
            heard[index] = (heard[index] ?? 0) + 1;
            if (index < 10) handles[index]?.[1].dispose();
          },
        }),
      ),
    );
    for (let rotation = 0; rotation < 5; rotation++) await clock.advance(ROTATION);
    expect(heard).toEqual([...Array.from({ length: 10 }, () => 1), ...Array.from({ length: 10 }, () => 5)]);
  });

  it('[S19 S20] listeners added and removed during a notification: no lost, double or late call', async () => {
    const { clock, source } = setup();
    const credentials = provider(source, clock);
    const late: number[] = [];
    const removed: number[] = [];
    const [, second] = await credentials.subscribe({
      onNext: ({ version }: Token) => void removed.push(version),
    });
    const listener = { onNext: ({ version }: Token) => void late.push(version) };
    await credentials.subscribe({
      onNext: () => {
        second.dispose();
        void credentials.subscribe(listener);
      },
    });
    await clock.advance(ROTATION);
    expect(removed).toEqual([2]);
    expect(late).toEqual([]);
    await clock.advance(2 * ROTATION);
    expect(removed).toEqual([2]);
    expect(late).toEqual([3, 4]);
  });

  it('[S21] a token and a failure without any listener hurt nobody', async () => {
    const { clock, source, manager } = setup();
    await manager.getToken();
    source.script = () => Promise.reject(Object.assign(new Error('no'), { errorCode: 'invalid_client' }));
    const outcome = manager.getToken({ forceRefresh: true }).catch((error: EntraIdError) => error.code);
    await clock.advance(SECOND);
    expect(await outcome).toBe('IDENTITY_REJECTED');
    expect(manager.status().state).toBe('degraded');
  });

  it('[S22] uses the token manager it is given, and its clock', async () => {
    const { manager, clock } = setup();
    const credentials = createCredentialsProvider(manager);
    const [token] = await credentials.subscribe({ onNext: () => {} });
    expect(manager.currentToken()).toBe(token);
    expect(credentials.tokenManager.clock).toBe(clock);
  });
});
