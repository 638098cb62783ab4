import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { type EntraIdError, rawToken, TokenManager, type TokenManagerOptions } from '../src/index.js';
import {
  FakeClock,
  type IdentityScript,
  ScriptedIdentityProvider,
  unsignedJwt,
} from '../src/testing/index.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const OID = '0c9f0b4e-61a5-4a6e-9a3c-0f6f1b8f4d11';

/** A source whose every answer is a new token that lives `ttlMs` from now. */
function freshTokens(clock: FakeClock, ttlMs: number, oid: string = OID): IdentityScript {
  return ({ number }) => rawToken(tokenAt(clock, ttlMs, number, oid));
}

function tokenAt(clock: FakeClock, ttlMs: number, id: number | string, oid: string = OID): string {
  const issuedAtSeconds = clock.now() / 1000;
  return unsignedJwt({ oid, iat: issuedAtSeconds, exp: issuedAtSeconds + ttlMs / 1000, uti: id });
}

function setup(
  options: TokenManagerOptions & { ttlMs?: number; script?: (clock: FakeClock) => IdentityScript } = {},
) {
  const { ttlMs = HOUR, script, ...managerOptions } = options;
  const clock = new FakeClock();
  const source = new ScriptedIdentityProvider(script?.(clock) ?? freshTokens(clock, ttlMs));
  const manager = new TokenManager(source, {
    clock,
    refreshJitterRatio: 0,
    random: () => 1 - Number.EPSILON,
    ...managerOptions,
  });
  const tokens: number[] = [];
  const errors: EntraIdError[] = [];
  const states: string[] = [];
  const listener = {
    onNext: (token: { version: number }) => void tokens.push(token.version),
    onError: (error: EntraIdError) => void errors.push(error),
    onStateChange: ({ to }: { to: string }) => void states.push(to),
  };
  return { clock, source, manager, listener, tokens, errors, states };
}

const unavailable = (): Promise<never> =>
  Promise.reject(Object.assign(new Error('down'), { code: 'ECONNREFUSED' }));
const refused = (): Promise<never> =>
  Promise.reject(
    Object.assign(new Error('AADSTS7000215: bad secret'), { errorCode: 'invalid_client', status: 401 }),
  );

describe('TokenManager.getToken', () => {
  it('[G1] asks the source once and resolves to its token', async () => {
    const { manager, source } = setup();
    const token = await manager.getToken();
    expect(token.username).toBe(OID);
    expect(token.version).toBe(1);
    expect(source.requests).toHaveLength(1);
    expect(source.requests[0]?.forceRefresh).toBe(false);
  });

  it('[G2] gives the same instance without a request until 1 ms before expiry, and asks again at expiry', async () => {
    const { manager, source, clock } = setup({ ttlMs: HOUR });
    const first = await manager.getToken();
    await clock.advance(HOUR - 1);
    expect(await manager.getToken()).toBe(first);
    expect(source.requests).toHaveLength(1);
    await clock.advance(1);
    expect((await manager.getToken()).version).toBe(2);
    expect(source.requests).toHaveLength(2);
  });

  it('[G3] makes a second request when forced, and asks the source to bypass its cache', async () => {
    const { manager, source, clock } = setup();
    await manager.getToken();
    const forced = manager.getToken({ forceRefresh: true });
    await clock.advance(SECOND);
    expect((await forced).version).toBe(2);
    expect(source.requests.map((request) => request.forceRefresh)).toEqual([false, true]);
  });

  it('[G6] rejects with TOKEN_EXPIRED when every answer of the round is expired', async () => {
    const { manager, clock, source } = setup({ ttlMs: -SECOND });
    const outcome = manager.getToken().catch((error: EntraIdError) => error.code);
    await clock.advance(10 * SECOND);
    expect(await outcome).toBe('TOKEN_EXPIRED');
    expect(source.requests).toHaveLength(3);
  });

  it('[G5 G8] rejects with INVALID_RESPONSE at once when the parser returns nothing', async () => {
    const { manager, source } = setup({ responseParser: { parse: () => undefined as never } });
    await expect(manager.getToken()).rejects.toMatchObject({ code: 'INVALID_RESPONSE' });
    expect(source.requests).toHaveLength(1);
  });

  it('[G7] rejects with INVALID_TOKEN at once when the token is not a JWT', async () => {
    const { manager, source } = setup({ script: () => () => rawToken('opaque') });
    await expect(manager.getToken()).rejects.toMatchObject({ code: 'INVALID_TOKEN' });
    expect(source.requests).toHaveLength(1);
  });

  it('asks the source to bypass its cache after an answer that could not be used', async () => {
    const { manager, source, clock } = setup({
      script: (clock) => (request) =>
        rawToken(tokenAt(clock, request.forceRefresh ? HOUR : -SECOND, request.number)),
    });
    const token = manager.getToken();
    await clock.advance(SECOND);
    expect((await token).version).toBe(1);
    expect(source.requests.map(({ forceRefresh }) => forceRefresh)).toEqual([false, true]);
  });

  it('[G9] rejects with the classified failure and keeps the cause', async () => {
    const cause = Object.assign(new Error('no'), { errorCode: 'invalid_client', status: 401 });
    const { manager } = setup({ script: () => () => Promise.reject(cause) });
    await expect(manager.getToken()).rejects.toMatchObject({
      code: 'IDENTITY_REJECTED',
      retryable: false,
      identityCode: 'invalid_client',
      cause,
    });
  });

  it('shares one request among 1,000 callers, and one round of failures too', async () => {
    const { manager, source, clock } = setup({ script: () => unavailable });
    const callers = Array.from({ length: 1000 }, () =>
      manager.getToken().catch((error: EntraIdError) => error.code),
    );
    await clock.advance(20 * SECOND);
    expect(new Set(await Promise.all(callers))).toEqual(new Set(['IDENTITY_UNAVAILABLE']));
    expect(source.requests).toHaveLength(3);
    source.script = freshTokens(clock, HOUR);
    const later = Array.from({ length: 1000 }, () => manager.getToken());
    await clock.advance(MINUTE);
    expect(new Set(await Promise.all(later)).size).toBe(1);
    expect(source.requests).toHaveLength(4);
    expect(source.maxInFlight).toBe(1);
  });

  it('retries the first token like any other: attempts at 0 s, 1 s and 3 s', async () => {
    const times: number[] = [];
    const { manager, clock } = setup({
      script: (clock) => (request) => {
        times.push(clock.monotonic());
        return request.number < 3 ? unavailable() : rawToken(tokenAt(clock, HOUR, request.number));
      },
    });
    const token = manager.getToken();
    await clock.advance(5 * SECOND);
    expect((await token).version).toBe(1);
    expect(times.map((ms) => Math.round(ms / 10) / 100)).toEqual([0, 1, 3]);
  });

  it('rejects at once on a fatal first error, and for 60 s every caller fails fast without a request', async () => {
    const { manager, source, clock } = setup({ script: () => refused });
    await expect(manager.getToken()).rejects.toMatchObject({ code: 'IDENTITY_REJECTED' });
    await clock.advance(MINUTE - 1);
    await expect(manager.getToken()).rejects.toMatchObject({ code: 'IDENTITY_REJECTED' });
    expect(source.requests).toHaveLength(1);
    await clock.advance(1);
    source.script = freshTokens(clock, HOUR);
    expect((await manager.getToken()).version).toBe(1);
    expect(source.requests).toHaveLength(2);
  });

  it('leaves a source alone for its Retry-After of 120 s: callers fail fast until 10 s before its end, then wait', async () => {
    const throttled = Object.assign(new Error('throttled'), {
      status: 429,
      headers: { 'retry-after': '120' },
    });
    const { manager, source, clock } = setup({ script: () => () => Promise.reject(throttled) });
    await expect(manager.getToken()).rejects.toMatchObject({ retryAfterMs: 120 * SECOND });
    await clock.advance(110 * SECOND - 1);
    await expect(manager.getToken()).rejects.toMatchObject({ code: 'IDENTITY_UNAVAILABLE' });
    source.script = freshTokens(clock, HOUR);
    await clock.advance(1);
    const waiting = manager.getToken();
    await clock.advance(10 * SECOND - 1);
    expect(source.requests).toHaveLength(1);
    await clock.advance(1);
    expect((await waiting).version).toBe(1);
    expect(source.requests).toHaveLength(2);
  });

  it('asks again after an hour, however much longer Retry-After is', async () => {
    const throttled = Object.assign(new Error('throttled'), {
      status: 503,
      headers: { 'retry-after': '86400' },
    });
    const { manager, source, clock, listener } = setup({ script: () => () => Promise.reject(throttled) });
    manager.subscribe(listener);
    await clock.advance(HOUR - 1);
    expect(source.requests).toHaveLength(1);
    await clock.advance(1);
    expect(source.requests).toHaveLength(2);
  });

  it("frees the caller whose signal fires with ABORTED, and no other; the last one's leaving aborts the request", async () => {
    const { manager, source, clock } = setup({ script: () => () => new Promise(() => {}) });
    const [first, second] = [new AbortController(), new AbortController()];
    const outcomes = [first, second].map(({ signal }) =>
      manager.getToken({ signal }).catch((error: EntraIdError) => error.code),
    );
    await clock.advance(1);
    first.abort();
    expect(await outcomes[0]).toBe('ABORTED');
    expect(source.requests[0]?.signal.aborted).toBe(false);
    second.abort();
    expect(await outcomes[1]).toBe('ABORTED');
    expect(source.requests[0]?.signal.aborted).toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });

  it('rejects with ABORTED without a request when the signal has fired before', async () => {
    const { manager, source } = setup();
    await expect(manager.getToken({ signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ABORTED',
    });
    expect(source.requests).toHaveLength(0);
  });

  it('keeps the process alive while a caller waits through a back-off, and only then', async () => {
    const { manager, clock, listener } = setup({ script: () => unavailable });
    const waiting = manager.getToken().catch(() => 'rejected');
    await clock.advance(1);
    expect(clock.keepAliveTimers).toBe(1);
    await clock.advance(5 * SECOND);
    expect(await waiting).toBe('rejected');
    expect(clock.keepAliveTimers).toBe(0);
    manager.subscribe(listener);
    await clock.advance(5 * MINUTE);
    expect(clock.pendingTimers).toBeGreaterThan(0);
    expect(clock.keepAliveTimers).toBe(0);
  });
});

describe('TokenManager.subscribe', () => {
  it('[L10] delivers the first token and its successors, renewing at 70 % of life', async () => {
    const { manager, source, clock, listener, tokens } = setup({ ttlMs: HOUR });
    manager.subscribe(listener);
    await clock.advance(0);
    expect(tokens).toEqual([1]);
    await clock.advance(42 * MINUTE - 1);
    expect(source.requests).toHaveLength(1);
    await clock.advance(1);
    expect(source.requests).toHaveLength(2);
    expect(tokens).toEqual([1, 2]);
  });

  it('gives a late subscriber the current token, once', async () => {
    const { manager, clock, listener, tokens } = setup();
    await manager.getToken();
    manager.subscribe(listener);
    await clock.advance(0);
    expect(tokens).toEqual([1]);
  });

  it('[L7 L14] makes no request after the last subscriber left, and keeps the token for its life', async () => {
    const { manager, source, clock, listener } = setup({ ttlMs: HOUR });
    const unsubscribe = manager.subscribe(listener);
    await clock.advance(0);
    unsubscribe();
    unsubscribe();
    expect(clock.pendingTimers).toBe(0);
    await clock.advance(50 * MINUTE);
    expect((await manager.getToken()).version).toBe(1);
    expect(source.requests).toHaveLength(1);
  });

  it('aborts a request in flight when the last subscriber leaves', async () => {
    const { manager, source, clock, listener, errors } = setup({ script: () => () => new Promise(() => {}) });
    const unsubscribe = manager.subscribe(listener);
    await clock.advance(1);
    unsubscribe();
    expect(source.requests[0]?.signal.aborted).toBe(true);
    await clock.advance(HOUR);
    expect(errors).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('delivers nothing after unsubscribe, also when it happens inside a notification', async () => {
    const { manager, clock, tokens, listener } = setup({ ttlMs: HOUR });
    let leave = (): void => {};
    manager.subscribe({ onNext: () => leave() });
    leave = manager.subscribe(listener);
    await clock.advance(HOUR);
    expect(tokens).toEqual([]);
  });

  it('goes on when a listener throws or rejects, and tells the others', async () => {
    const { manager, clock, tokens, listener } = setup({ ttlMs: HOUR });
    manager.subscribe({
      onNext: () => {
        throw new Error('listener');
      },
    });
    manager.subscribe({ onNext: async () => Promise.reject(new Error('listener')) });
    manager.subscribe(listener);
    await clock.advance(42 * MINUTE);
    expect(tokens).toEqual([1, 2]);
  });

  it('[L11 L12 L13] reports a failed round once, after its last attempt, and goes on to the next round', async () => {
    const { manager, source, clock, listener, errors, tokens, states } = setup({ ttlMs: HOUR });
    manager.subscribe(listener);
    await clock.advance(42 * MINUTE - 1);
    source.script = unavailable;
    await clock.advance(1 + 2998);
    expect(source.requests).toHaveLength(3);
    expect(errors).toHaveLength(0);
    await clock.advance(1);
    expect(source.requests).toHaveLength(4);
    expect(errors.map((error) => error.code)).toEqual(['IDENTITY_UNAVAILABLE']);
    source.script = freshTokens(clock, HOUR);
    await clock.advance(10 * SECOND);
    expect(tokens).toEqual([1, 2]);
    expect(states).toEqual(['acquiring', 'valid', 'degraded', 'valid']);
  });

  it('serves the valid token throughout an outage, says expired at expiry, and recovers within 60 s of its end', async () => {
    const { manager, source, clock, listener, tokens, states } = setup({ ttlMs: HOUR });
    manager.subscribe(listener);
    await clock.advance(41 * MINUTE);
    source.script = unavailable;
    await clock.advance(19 * MINUTE - 1);
    expect(manager.currentToken()?.version).toBe(1);
    expect(states).toEqual(['acquiring', 'valid', 'degraded']);
    await clock.advance(1);
    expect(manager.currentToken()).toBeUndefined();
    expect(states.at(-1)).toBe('expired');
    await clock.advance(6 * HOUR);
    source.script = freshTokens(clock, HOUR);
    await clock.advance(MINUTE);
    expect(tokens).toEqual([1, 2]);
    expect(states.at(-1)).toBe('valid');
  });

  it('hands a rejected round to every waiter and goes on for the subscriber', async () => {
    const { manager, source, clock, listener } = setup({ script: () => refused });
    manager.subscribe(listener);
    const waiter = manager.getToken().catch((error: EntraIdError) => error.code);
    await clock.advance(0);
    expect(await waiter).toBe('IDENTITY_REJECTED');
    await clock.advance(MINUTE - 1);
    expect(source.requests).toHaveLength(1);
    await clock.advance(1);
    expect(source.requests).toHaveLength(2);
  });
});

describe('TokenManager and its source', () => {
  it('[L8 L9] asks once per second, never faster, for tokens that are due on arrival', async () => {
    const { manager, source, clock, listener } = setup({ ttlMs: HOUR, lowerRefreshBoundMs: 2 * HOUR });
    const unsubscribe = manager.subscribe(listener);
    await clock.advance(SECOND - 1);
    expect(source.requests).toHaveLength(1);
    await clock.advance(1);
    expect(source.requests).toHaveLength(2);
    await clock.advance(10 * SECOND);
    expect(source.requests).toHaveLength(12);
    unsubscribe();
    await clock.advance(MINUTE);
    expect(source.requests).toHaveLength(12);
  });

  it('notifies nobody when the source gives the same token, and asks again 5 min before its expiry', async () => {
    const clock = new FakeClock();
    const cached = rawToken(tokenAt(clock, HOUR, 'cached'));
    const { manager, source, listener, tokens } = setupWith(clock, () => cached);
    manager.subscribe(listener);
    await clock.advance(42 * MINUTE);
    expect(source.requests).toHaveLength(2);
    await clock.advance(13 * MINUTE);
    expect(source.requests).toHaveLength(2);
    await clock.advance(SECOND);
    expect(source.requests).toHaveLength(3);
    expect(tokens).toEqual([1]);
    source.script = freshTokens(clock, HOUR);
    await clock.advance(3 * MINUTE);
    expect(tokens).toEqual([1, 2]);
  });

  it('asks at most 60 times in the last minute of a source that gives the same token until it expires', async () => {
    const clock = new FakeClock();
    const cached = rawToken(tokenAt(clock, HOUR, 'cached'));
    const { manager, source, listener } = setupWith(clock, () => cached);
    manager.subscribe(listener);
    await clock.advance(59 * MINUTE);
    const before = source.requests.length;
    await clock.advance(MINUTE);
    expect(source.requests.length - before).toBeLessThanOrEqual(60);
    expect(source.requests.length).toBeLessThan(80);
  });

  it('does not replace its token by a different one that expires earlier', async () => {
    const { manager, source, clock } = setup({ ttlMs: HOUR });
    const first = await manager.getToken();
    source.script = freshTokens(clock, 30 * MINUTE);
    const forced = manager.getToken({ forceRefresh: true });
    await clock.advance(SECOND);
    expect(await forced).toBe(first);
  });

  it('refuses a refreshed token of another user with IDENTITY_CHANGED and keeps the first', async () => {
    const { manager, source, clock, listener, errors, tokens } = setup({ ttlMs: HOUR });
    manager.subscribe(listener);
    await clock.advance(0);
    source.script = freshTokens(clock, HOUR, 'somebody-else');
    await clock.advance(42 * MINUTE);
    expect(errors.map((error) => error.code)).toEqual(['IDENTITY_CHANGED']);
    expect(tokens).toEqual([1]);
    expect(manager.currentToken()?.username).toBe(OID);
  });

  it('accepts another user when allowIdentityChange is true', async () => {
    const { manager, source, clock, listener, tokens } = setup({ ttlMs: HOUR, allowIdentityChange: true });
    manager.subscribe(listener);
    await clock.advance(0);
    source.script = freshTokens(clock, HOUR, 'somebody-else');
    await clock.advance(42 * MINUTE);
    expect(tokens).toEqual([1, 2]);
    expect(manager.currentToken()?.username).toBe('somebody-else');
  });

  it('ends a request that ignores its signal after 30 s, aborts it, and tries again', async () => {
    const { manager, source, clock } = setup({
      script: (clock) => (request) =>
        request.number === 1 ? new Promise(() => {}) : rawToken(tokenAt(clock, HOUR, request.number)),
    });
    const token = manager.getToken();
    await clock.advance(30 * SECOND - 1);
    expect(source.requests[0]?.signal.aborted).toBe(false);
    await clock.advance(1);
    expect(source.requests[0]?.signal.aborted).toBe(true);
    await clock.advance(SECOND);
    expect((await token).version).toBe(1);
    expect(source.requests).toHaveLength(2);
  });

  it('uses an answer that comes after the time-out and spares the round its next request', async () => {
    let answer = (): void => {};
    const { manager, source, clock } = setup({
      script: (clock) => (request) =>
        new Promise((resolve) => {
          answer = () => resolve(rawToken(tokenAt(clock, HOUR, request.number)));
        }),
    });
    const token = manager.getToken();
    await clock.advance(30 * SECOND);
    answer();
    await clock.advance(SECOND);
    expect((await token).version).toBe(1);
    expect(source.requests).toHaveLength(1);
  });

  it('renews after a sleep of 5 h within a minute of waking, and hands out no expired token meanwhile', async () => {
    const { manager, clock, listener, tokens } = setup({ ttlMs: HOUR });
    manager.subscribe(listener);
    await clock.advance(10 * MINUTE);
    clock.suspend(5 * HOUR);
    expect(manager.currentToken()).toBeUndefined();
    await clock.advance(MINUTE);
    expect(tokens).toEqual([1, 2]);
  });

  it('keeps a token for its life when the wall clock is set back by 2 h, and no longer', async () => {
    const { manager, clock } = setup({ ttlMs: HOUR });
    await manager.getToken();
    clock.shiftWallClock(-2 * HOUR);
    await clock.advance(HOUR - 1);
    expect(manager.currentToken()?.version).toBe(1);
    await clock.advance(1);
    expect(manager.currentToken()).toBeUndefined();
  });

  it('does not take a token again whose life is over, though a wall clock set back by 1 ms still allows it', async () => {
    const clock = new FakeClock();
    const only = rawToken(tokenAt(clock, 10 * SECOND, 'only'));
    const { manager } = setupWith(clock, () => only);
    await manager.getToken();
    clock.shiftWallClock(-1);
    await clock.advance(10 * SECOND);
    const outcome = manager.getToken().catch((error: EntraIdError) => error.code);
    await clock.advance(10 * SECOND);
    expect(await outcome).toBe('TOKEN_EXPIRED');
  });

  it('never renews more than once per life for a token of 400 days', async () => {
    const day = 24 * HOUR;
    const { manager, source, clock, listener } = setup({ ttlMs: 400 * day });
    manager.subscribe(listener);
    await clock.advance(0);
    await clock.advance(2 * day);
    expect(source.requests).toHaveLength(1);
    expect(manager.status().nextRefreshAtMs).toBe(Date.UTC(2026, 0, 1) + 280 * day);
  });

  it('survives a source that throws instead of rejecting', async () => {
    const { manager } = setup({
      script: () => () => {
        throw Object.assign(new Error('thrown'), { errorCode: 'invalid_client' });
      },
    });
    await expect(manager.getToken()).rejects.toMatchObject({ code: 'IDENTITY_REJECTED' });
  });

  it("follows the application's isRetryable, and a throwing one changes nothing", async () => {
    const never = setup({ script: () => unavailable, retry: { isRetryable: () => false } });
    await expect(never.manager.getToken()).rejects.toMatchObject({
      code: 'IDENTITY_UNAVAILABLE',
      retryable: false,
    });
    expect(never.source.requests).toHaveLength(1);
    const throwing = setup({
      script: () => refused,
      retry: {
        isRetryable: () => {
          throw new Error('mine');
        },
      },
    });
    await expect(throwing.manager.getToken()).rejects.toMatchObject({ code: 'IDENTITY_REJECTED' });
    expect(throwing.source.requests).toHaveLength(1);
  });
});

describe('TokenManager.rejectToken', () => {
  it('asks for another token when a server refused the current one, once per 60 s', async () => {
    const { manager, source, clock } = setup();
    const first = await manager.getToken();
    manager.rejectToken(first);
    expect(manager.currentToken()).toBeUndefined();
    expect(manager.status().state).toBe('expired');
    const next = manager.getToken();
    await clock.advance(SECOND);
    const second = await next;
    expect(second.version).toBe(2);
    expect(source.requests[1]?.forceRefresh).toBe(true);
    manager.rejectToken(second);
    expect(await manager.getToken()).toBe(second);
    await clock.advance(MINUTE);
    manager.rejectToken(second);
    expect(manager.currentToken()).toBeUndefined();
  });

  it('ignores a token that is not the current one', async () => {
    const { manager, clock } = setup();
    const first = await manager.getToken();
    const forced = manager.getToken({ forceRefresh: true });
    await clock.advance(SECOND);
    const second = await forced;
    manager.rejectToken(first);
    expect(manager.currentToken()).toBe(second);
  });

  it('hands a refused token out again when the source has no other', async () => {
    const clock = new FakeClock();
    const only = rawToken(tokenAt(clock, HOUR, 'only'));
    const { manager } = setupWith(clock, () => only);
    const first = await manager.getToken();
    manager.rejectToken(first);
    const again = manager.getToken();
    await clock.advance(SECOND);
    expect(await again).toBe(first);
  });
});

describe('TokenManager.close', () => {
  it('[L1 L2] rejects waiters with CLOSED, tells the listeners the state and then nothing, and is idempotent', async () => {
    const { manager, clock, listener, tokens, errors, states } = setup({
      script: () => () => new Promise(() => {}),
    });
    manager.subscribe(listener);
    const waiter = manager.getToken().catch((error: EntraIdError) => error.code);
    await clock.advance(1);
    manager.close();
    manager.close();
    expect(await waiter).toBe('CLOSED');
    await clock.advance(HOUR);
    expect({ tokens, errors, states }).toEqual({ tokens: [], errors: [], states: ['acquiring', 'closed'] });
    expect(clock.pendingTimers).toBe(0);
    await expect(manager.getToken()).rejects.toMatchObject({ code: 'CLOSED' });
    expect(() => manager.subscribe(listener)).toThrow(expect.objectContaining({ code: 'CLOSED' }));
    expect(manager.currentToken()).toBeUndefined();
  });

  it('drops an answer that comes after it', async () => {
    let answer = (): void => {};
    const { manager, clock, listener, tokens } = setup({
      script: (clock) => () =>
        new Promise((resolve) => {
          answer = () => resolve(rawToken(tokenAt(clock, HOUR, 1)));
        }),
    });
    manager.subscribe(listener);
    await clock.advance(1);
    manager[Symbol.dispose]();
    answer();
    await clock.advance(1);
    expect(tokens).toEqual([]);
    expect(manager.status().state).toBe('closed');
  });
});

describe('TokenManager.status', () => {
  it('tells state, user, times, failures and the last error', async () => {
    const { manager, clock, source, listener } = setup({ ttlMs: HOUR });
    expect(manager.status()).toMatchObject({ state: 'idle', username: undefined, consecutiveFailures: 0 });
    manager.subscribe(listener);
    await clock.advance(0);
    const startMs = Date.UTC(2026, 0, 1);
    expect(manager.status()).toEqual({
      state: 'valid',
      username: OID,
      expiresAtMs: startMs + HOUR,
      nextRefreshAtMs: startMs + 42 * MINUTE,
      lastSuccessAtMs: startMs,
      lastError: undefined,
      consecutiveFailures: 0,
      clockSkewMs: undefined,
    });
    source.script = unavailable;
    await clock.advance(43 * MINUTE);
    expect(manager.status()).toMatchObject({
      state: 'degraded',
      lastError: { code: 'IDENTITY_UNAVAILABLE' },
    });
    expect(manager.status().consecutiveFailures).toBeGreaterThanOrEqual(3);
  });
});

describe('TokenManager and secrets', () => {
  it('shows no token in inspect at any depth, JSON, errors or status', async () => {
    const { manager, source, clock, listener } = setup();
    manager.subscribe(listener);
    const token = await manager.getToken();
    source.script = () => Promise.reject(new Error(`cannot use ${token.password}`));
    const forced = manager.getToken({ forceRefresh: true }).catch((error: unknown) => error);
    await clock.advance(10 * SECOND);
    const error = (await forced) as EntraIdError;
    const shown = [
      inspect(manager, { depth: null, showHidden: true }),
      inspect(token, { depth: null, showHidden: true, getters: true }),
      JSON.stringify([manager, token, manager.status(), error]),
      String(token),
      `${error.message}${error.stack}`,
    ].join('\n');
    expect(shown).not.toContain(token.password);
    expect(shown).not.toContain(token.password.split('.')[1]);
  });
});

function setupWith(clock: FakeClock, script: IdentityScript) {
  const source = new ScriptedIdentityProvider(script);
  const manager = new TokenManager(source, { clock, refreshJitterRatio: 0 });
  const tokens: number[] = [];
  return {
    source,
    manager,
    tokens,
    listener: { onNext: (token: { version: number }) => void tokens.push(token.version) },
  };
}
