import { describe, expect, it } from '@jest/globals';
import { type ExpiryPolicy, Reauthenticator, rawToken, TokenManager } from '../src/index.js';
import { FakeClock, ScriptedIdentityProvider, unsignedJwt } from '../src/testing/index.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** One connection on tokens of 15 min, as AWS gives them. */
async function connected(expiryPolicy: ExpiryPolicy, reply: (attempt: number) => Promise<'applied'>) {
  const clock = new FakeClock();
  const source = new ScriptedIdentityProvider(({ number }) => {
    const iat = Math.floor(clock.now() / 1000);
    return rawToken(unsignedJwt({ oid: 'user', iat, exp: iat + 900, uti: number }));
  });
  const manager = new TokenManager(source, { clock, refreshJitterRatio: 0 });
  const reauthenticator = new Reauthenticator(manager, { expiryPolicy, random: () => 0 });
  const authsAtMs: number[] = [];
  const risks: string[] = [];
  reauthenticator.observe({ onConnectionAtRisk: ({ error }) => void risks.push(error.message) });
  const token = await manager.getToken();
  const registration = reauthenticator.register(
    {
      id: 'cache:6379/a',
      authenticate: () => {
        authsAtMs.push(clock.monotonic());
        return reply(authsAtMs.length);
      },
    },
    token,
  );
  return { clock, reauthenticator, registration, authsAtMs, risks, source };
}

const applied = () => Promise.resolve('applied' as const);

describe('expiryPolicy', () => {
  it('close-at-expiry: one AUTH for each of the 4 tokens that follow the first within 45 min', async () => {
    const { clock, authsAtMs } = await connected('close-at-expiry', applied);
    await clock.advance(45 * MINUTE);
    expect(authsAtMs).toHaveLength(4);
  });

  it('maxConnectionAgeMs of 12 h: no AUTH before 8 h 24 min, one then, the next 8 h 24 min later', async () => {
    const { clock, authsAtMs, reauthenticator, source } = await connected(
      { maxConnectionAgeMs: 12 * HOUR },
      applied,
    );
    const due = 8.4 * HOUR;
    await clock.advance(due - 1);
    expect(authsAtMs).toEqual([]);
    expect(source.requests.length).toBeGreaterThan(40);
    expect(reauthenticator.status().behind).toBe(0);
    await clock.advance(1);
    expect(authsAtMs).toEqual([due]);
    await clock.advance(due);
    expect(authsAtMs).toEqual([due, 2 * due]);
  });

  it('maxConnectionAgeMs of 12 h: a refusing connection is asked again, and reported at risk 30 s before it is closed', async () => {
    const { clock, authsAtMs, risks } = await connected({ maxConnectionAgeMs: 12 * HOUR }, () =>
      Promise.reject(new Error('WRONGPASS')),
    );
    await clock.advance(12 * HOUR - 30 * SECOND - 1);
    expect(authsAtMs.length).toBeGreaterThan(100);
    expect(risks).toEqual([]);
    await clock.advance(1);
    expect(risks).toEqual([expect.stringContaining('cache:6379/a will be closed in 30.0 s')]);
  });

  it('connect-only: no AUTH and no risk in 3 days, and nothing is left after dispose()', async () => {
    const { clock, authsAtMs, risks, reauthenticator, registration } = await connected(
      'connect-only',
      applied,
    );
    await clock.advance(3 * 24 * HOUR);
    expect(authsAtMs).toEqual([]);
    expect(risks).toEqual([]);
    expect(reauthenticator.status()).toEqual({ connections: 1, behind: 0 });
    registration.dispose();
    expect(clock.pendingTimers).toBe(0);
  });

  it('refuses anything else with the option, its range and its value', () => {
    const manager = new TokenManager({ requestToken: () => Promise.reject(new Error('unused')) });
    const bad: readonly [unknown, string][] = [
      ['close', "must be 'close-at-expiry'"],
      [null, 'got null'],
      [{}, 'reauthentication.expiryPolicy.maxConnectionAgeMs must be a number from 60000 to 2592000000 ms'],
      [{ maxConnectionAgeMs: 59_999 }, 'got 59999'],
      [{ maxConnectionAgeMs: 2_592_000_001 }, 'got 2592000001'],
      [{ maxConnectionAgeMs: Number.NaN }, 'got NaN'],
      [{ maxAge: 1 }, 'unknown option maxAge'],
    ];
    for (const [expiryPolicy, text] of bad) {
      expect(() => new Reauthenticator(manager, { expiryPolicy: expiryPolicy as ExpiryPolicy })).toThrow(
        expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(text) }),
      );
    }
    for (const maxConnectionAgeMs of [60_000, 2_592_000_000]) {
      expect(new Reauthenticator(manager, { expiryPolicy: { maxConnectionAgeMs } })).toBeDefined();
    }
  });
});
