import { getEventListeners } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { type EntraIdError, type IdentityProviderResponse, rawToken } from '../src/index.js';
import { FakeClock, type IdentityScript, ScriptedIdentityProvider } from '../src/testing/index.js';
import { requestToken, type TokenRequest } from '../src/token-request.js';

const answer = rawToken('a');

/** A promise that is settled from outside. */
function deferred<T>() {
  let resolve: (value: T) => void = () => {};
  let reject: (reason: unknown) => void = () => {};
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

function setup(script: IdentityScript, overrides: Partial<TokenRequest> = {}) {
  const clock = new FakeClock();
  const controller = new AbortController();
  const identityProvider = new ScriptedIdentityProvider(script);
  const lateAnswers: IdentityProviderResponse[] = [];
  const outcomes: unknown[] = [];
  requestToken({
    identityProvider,
    forceRefresh: false,
    signal: controller.signal,
    timeoutMs: 30_000,
    clock,
    keepAlive: false,
    onLateAnswer: (response) => lateAnswers.push(response),
    ...overrides,
  }).then(
    (value) => outcomes.push({ value }),
    (reason: unknown) => outcomes.push({ reason }),
  );
  return { clock, controller, identityProvider, lateAnswers, outcomes };
}

/** What is left behind: timers, and listeners on the manager's signal. */
function leftovers({ clock, controller }: { clock: FakeClock; controller: AbortController }) {
  return [clock.pendingTimers, getEventListeners(controller.signal, 'abort').length];
}

describe('requestToken', () => {
  it('asks once, at once, and resolves to the answer itself', async () => {
    const run = setup(() => answer);
    expect(run.identityProvider.requests).toHaveLength(1);
    await run.clock.advance(0);
    expect(run.outcomes).toEqual([{ value: answer }]);
    expect((run.outcomes[0] as { value: unknown }).value).toBe(answer);
  });

  it('passes forceRefresh on, and a signal of its own that has not fired', () => {
    for (const forceRefresh of [true, false]) {
      const { identityProvider, controller } = setup(() => answer, { forceRefresh });
      const [request] = identityProvider.requests;
      expect(request?.forceRefresh).toBe(forceRefresh);
      expect(request?.signal).toBeInstanceOf(AbortSignal);
      expect(request?.signal).not.toBe(controller.signal);
      expect(request?.signal.aborted).toBe(false);
    }
  });

  it('takes an answer that is no promise', async () => {
    const source = { requestToken: () => answer as unknown as Promise<IdentityProviderResponse> };
    const run = setup(() => answer, { identityProvider: source });
    await run.clock.advance(0);
    expect(run.outcomes).toEqual([{ value: answer }]);
  });

  it('rejects with what the source rejects with, itself', async () => {
    const reason = new Error('down');
    const run = setup(() => Promise.reject(reason));
    await run.clock.advance(0);
    expect(run.outcomes).toEqual([{ reason }]);
    expect((run.outcomes[0] as { reason: unknown }).reason).toBe(reason);
    expect(leftovers(run)).toEqual([0, 0]);
  });

  it('rejects with what the source throws', async () => {
    const reason = new TypeError('not a function');
    const run = setup(() => {
      throw reason;
    });
    await run.clock.advance(0);
    expect(run.outcomes).toEqual([{ reason }]);
    expect(leftovers(run)).toEqual([0, 0]);
  });

  it('leaves neither a timer nor a listener behind an answer, and does not fire its signal', async () => {
    const run = setup(() => answer);
    expect(leftovers(run)).toEqual([1, 1]);
    await run.clock.advance(0);
    expect(leftovers(run)).toEqual([0, 0]);
    await run.clock.advance(60_000);
    run.controller.abort();
    expect(run.identityProvider.requests[0]?.signal.aborted).toBe(false);
    expect(run.outcomes).toHaveLength(1);
  });

  it('keeps the process alive for its time-out only when it is told to', () => {
    expect(setup(() => new Promise(() => {}), { keepAlive: true }).clock.keepAliveTimers).toBe(1);
    expect(setup(() => new Promise(() => {}), { keepAlive: false }).clock.keepAliveTimers).toBe(0);
  });
});

describe('requestToken and its time-out of 30,000 ms', () => {
  it('still waits at 29,999 ms and takes an answer then', async () => {
    const { promise, resolve } = deferred<IdentityProviderResponse>();
    const run = setup(() => promise);
    await run.clock.advance(29_999);
    expect(run.outcomes).toEqual([]);
    expect(run.identityProvider.requests[0]?.signal.aborted).toBe(false);
    resolve(answer);
    await run.clock.advance(0);
    expect(run.outcomes).toEqual([{ value: answer }]);
    expect(run.lateAnswers).toEqual([]);
  });

  it('rejects at 30,000 ms with IDENTITY_UNAVAILABLE that names them, and fires its signal with the same error', async () => {
    const run = setup(() => new Promise(() => {}));
    await run.clock.advance(30_000);
    const { reason } = run.outcomes[0] as { reason: EntraIdError };
    expect(reason).toMatchObject({
      code: 'IDENTITY_UNAVAILABLE',
      retryable: true,
      message: 'the identity provider did not answer within 30000 ms',
    });
    expect(run.identityProvider.requests[0]?.signal.reason).toBe(reason);
    expect(run.controller.signal.aborted).toBe(false);
    expect(leftovers(run)).toEqual([0, 0]);
  });

  it('takes another time-out: 100 ms', async () => {
    const run = setup(() => new Promise(() => {}), { timeoutMs: 100 });
    await run.clock.advance(99);
    expect(run.outcomes).toEqual([]);
    await run.clock.advance(1);
    expect(run.outcomes).toHaveLength(1);
  });

  it('keeps its own error when the source rejects because of the signal', async () => {
    const run = setup(
      ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(new Error('the SDK says aborted')));
        }),
    );
    await run.clock.advance(30_000);
    expect(run.outcomes).toMatchObject([{ reason: { code: 'IDENTITY_UNAVAILABLE' } }]);
  });

  it('hands an answer that comes after it over, once, and settles nothing again', async () => {
    const { promise, resolve } = deferred<IdentityProviderResponse>();
    const run = setup(() => promise);
    await run.clock.advance(30_000);
    resolve(answer);
    await run.clock.advance(0);
    expect(run.lateAnswers).toEqual([answer]);
    expect(run.lateAnswers[0]).toBe(answer);
    expect(run.outcomes).toHaveLength(1);
  });

  it('drops a rejection that comes after it', async () => {
    const { promise, reject } = deferred<IdentityProviderResponse>();
    const run = setup(() => promise);
    await run.clock.advance(30_000);
    reject(new Error('late'));
    await run.clock.advance(0);
    expect(run.outcomes).toMatchObject([{ reason: { code: 'IDENTITY_UNAVAILABLE' } }]);
    expect(run.lateAnswers).toEqual([]);
  });

  it('drops an answer that comes after it when the manager has ended in between', async () => {
    const { promise, resolve } = deferred<IdentityProviderResponse>();
    const run = setup(() => promise);
    await run.clock.advance(30_000);
    run.controller.abort(new Error('closed'));
    resolve(answer);
    await run.clock.advance(0);
    expect(run.lateAnswers).toEqual([]);
  });
});

describe('requestToken and the signal of its manager', () => {
  it("rejects with the signal's reason at once, and passes it on to the source", async () => {
    const run = setup(() => new Promise(() => {}));
    const reason = new Error('closed');
    run.controller.abort(reason);
    await run.clock.advance(0);
    expect(run.outcomes).toEqual([{ reason }]);
    expect((run.outcomes[0] as { reason: unknown }).reason).toBe(reason);
    expect(run.identityProvider.requests[0]?.signal.reason).toBe(reason);
    expect(leftovers(run)).toEqual([0, 0]);
  });

  it('keeps that reason when the source rejects because of it, or answers all the same', async () => {
    const reason = new Error('closed');
    const scripts: IdentityScript[] = [
      ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(new Error('the SDK says aborted')));
        }),
      ({ signal }) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => resolve(answer));
        }),
    ];
    for (const script of scripts) {
      const run = setup(script);
      run.controller.abort(reason);
      await run.clock.advance(0);
      expect(run.outcomes).toEqual([{ reason }]);
      expect(run.lateAnswers).toEqual([]);
    }
  });

  it('is deaf to it after the answer', async () => {
    const run = setup(() => answer);
    await run.clock.advance(0);
    run.controller.abort(new Error('closed'));
    await run.clock.advance(30_000);
    expect(run.outcomes).toEqual([{ value: answer }]);
  });
});
