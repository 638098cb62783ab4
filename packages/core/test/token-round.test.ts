import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EntraIdError, Token } from '../src/index.js';
import type { RetryPolicy } from '../src/retry-policy.js';
import { type RoundContext, runTokenRound } from '../src/token-round.js';

const token = new Token({ username: 'u', password: 'p', receivedAtMs: 0, expiresAtMs: 1 });
const policy: RetryPolicy = {
  maxAttempts: 3,
  initialDelayMs: 1000,
  maxDelayMs: 10_000,
  backoffMultiplier: 2,
};

const down = Object.assign(new Error('down'), { status: 503 });
const refused = Object.assign(new Error('refused'), { status: 401 });
const busy = (retryAfterMs: number): object => ({ status: 429, retryAfterMs });

interface Setup {
  readonly retry?: Partial<RetryPolicy>;
  readonly random?: number;
  /** What the manager's floor asks for, call by call; the last one stays. */
  readonly waitsMs?: number[];
  /** Request by request: a token, or what it rejects with. */
  readonly requests: unknown[];
}

function setup({ retry, random = 1, waitsMs = [0], requests }: Setup) {
  const controller = new AbortController();
  const log: string[] = [];
  const failures: { error: EntraIdError; attempt: number; nextAttemptInMs: number | undefined }[] = [];
  let waits = 0;
  let requested = 0;
  const context: RoundContext = {
    retry: { ...policy, ...retry },
    random: () => random,
    signal: controller.signal,
    waitMs: () => waitsMs[Math.min(waits++, waitsMs.length - 1)] as number,
    sleep: async (delayMs) => void log.push(`sleep ${delayMs}`),
    request: async () => {
      log.push('request');
      const outcome = requests[requested++];
      if (outcome instanceof Token) return outcome;
      throw outcome;
    },
    onFailure: (error, attempt, nextAttemptInMs) => {
      log.push(`failure ${attempt}, next in ${nextAttemptInMs}`);
      failures.push({ error, attempt, nextAttemptInMs });
    },
  };
  return { context, controller, log, failures };
}

describe('runTokenRound', () => {
  it('makes one request, without a wait, when it succeeds', async () => {
    const { context, log, failures } = setup({ requests: [token] });
    expect(await runTokenRound(context)).toBe(token);
    expect(log).toEqual(['sleep 0', 'request']);
    expect(failures).toEqual([]);
  });

  it('[L13] makes 3 requests with 1000 ms and 2000 ms between them, and ends with the last failure', async () => {
    const last = Object.assign(new Error('last'), { status: 500 });
    const { context, log, failures } = setup({ requests: [down, down, last, token] });
    const outcome = await runTokenRound(context);
    expect(log).toEqual([
      'sleep 0',
      'request',
      'failure 1, next in 1000',
      'sleep 1000',
      'request',
      'failure 2, next in 2000',
      'sleep 2000',
      'request',
      'failure 3, next in undefined',
    ]);
    expect(outcome).toEqual({ error: failures[2]?.error, retryable: true });
    expect(failures[2]?.error).toMatchObject({ code: 'IDENTITY_UNAVAILABLE', cause: last });
  });

  it('ends with the token of a later request', async () => {
    const { context, log } = setup({ requests: [down, token] });
    expect(await runTokenRound(context)).toBe(token);
    expect(log.filter((entry) => entry === 'request')).toHaveLength(2);
  });

  it('makes no second request when maxAttempts is 1', async () => {
    const { context, log } = setup({ retry: { maxAttempts: 1 }, requests: [down, token] });
    expect(await runTokenRound(context)).toMatchObject({ retryable: true });
    expect(log).toEqual(['sleep 0', 'request', 'failure 1, next in undefined']);
  });

  it('[L12] ends at the first failure that is not worth repeating', async () => {
    const { context, log } = setup({ requests: [down, refused, token] });
    expect(await runTokenRound(context)).toMatchObject({
      retryable: false,
      error: { code: 'IDENTITY_REJECTED', cause: refused },
    });
    expect(log.filter((entry) => entry === 'request')).toHaveLength(2);
    expect(log.at(-1)).toBe('failure 2, next in undefined');
  });

  it("takes the application's word on what is worth repeating", async () => {
    const stubborn = setup({ retry: { isRetryable: () => true }, requests: [refused, token] });
    expect(await runTokenRound(stubborn.context)).toBe(token);
    const timid = setup({ retry: { isRetryable: () => false }, requests: [down, token] });
    expect(await runTokenRound(timid.context)).toMatchObject({ retryable: false });
  });

  it('waits for as long as the floor asks, where that is longer than the back-off', async () => {
    const { context, log } = setup({ waitsMs: [700, 5000, 5000, 1], requests: [down, down, token] });
    await runTokenRound(context);
    expect(log.filter((entry) => entry.startsWith('sleep'))).toEqual([
      'sleep 700',
      'sleep 5000',
      'sleep 2000',
    ]);
    expect(log).toContain('failure 1, next in 5000');
  });

  it('jitters its back-off: none at random 0, half at 0.5', async () => {
    for (const [random, sleeps] of [
      [0, ['sleep 0', 'sleep 0', 'sleep 0']],
      [0.5, ['sleep 0', 'sleep 500', 'sleep 1000']],
    ] as const) {
      const { context, log } = setup({ random, requests: [down, down, token] });
      await runTokenRound(context);
      expect(log.filter((entry) => entry.startsWith('sleep'))).toEqual(sleeps);
    }
  });

  it('waits for a Retry-After that is longer than the back-off, and no shorter than it', async () => {
    const { context, log } = setup({ requests: [busy(3000), busy(500), token] });
    expect(await runTokenRound(context)).toBe(token);
    expect(log.filter((entry) => entry.startsWith('sleep'))).toEqual(['sleep 0', 'sleep 3000', 'sleep 2000']);
  });

  it('waits for a Retry-After of maxDelayMs, 10,000 ms, and ends at one of 10,001 ms', async () => {
    const waits = setup({ requests: [busy(10_000), token] });
    expect(await runTokenRound(waits.context)).toBe(token);
    expect(waits.log).toContain('sleep 10000');
    const ends = setup({ requests: [busy(10_001), token] });
    expect(await runTokenRound(ends.context)).toMatchObject({
      retryable: true,
      error: { retryAfterMs: 10_001 },
    });
    expect(ends.log).toEqual(['sleep 0', 'request', 'failure 1, next in undefined']);
  });

  it("rejects with the signal's reason, and reports nothing, when it fires during a request", async () => {
    const reason = new EntraIdError('CLOSED', 'closed');
    const { context, controller, failures } = setup({ requests: [] });
    const request = async (): Promise<Token> => {
      controller.abort(reason);
      throw new Error('the SDK says aborted');
    };
    await expect(runTokenRound({ ...context, request })).rejects.toBe(reason);
    expect(failures).toEqual([]);
  });

  it("rejects with the signal's reason and makes no request when it fires while it sleeps", async () => {
    const reason = new EntraIdError('ABORTED', 'nobody waits');
    const { context, controller, log, failures } = setup({ requests: [token] });
    const sleep = async (): Promise<void> => controller.abort(reason);
    await expect(runTokenRound({ ...context, sleep })).rejects.toBe(reason);
    expect(log).toEqual([]);
    expect(failures).toEqual([]);
  });

  it('rejects with what its sleep rejects with, and makes no further request', async () => {
    const reason = new EntraIdError('CLOSED', 'closed');
    const { context, log } = setup({ requests: [down, token] });
    const sleep = (delayMs: number): Promise<void> =>
      delayMs === 0 ? Promise.resolve() : Promise.reject(reason);
    await expect(runTokenRound({ ...context, sleep })).rejects.toBe(reason);
    expect(log.filter((entry) => entry === 'request')).toHaveLength(1);
  });

  it('takes a request that throws for one that rejects', async () => {
    const { context } = setup({ requests: [] });
    const request = (): Promise<Token> => {
      throw refused;
    };
    expect(await runTokenRound({ ...context, request })).toMatchObject({ error: { cause: refused } });
  });

  it('makes from 1 to maxAttempts requests, waits within the bounds, and reports each failure once (1,000 cases)', async () => {
    const failure = fc.oneof(
      fc.constant(down),
      fc.constant(refused),
      fc.integer({ min: 0, max: 20_000 }).map(busy),
    );
    const cases = fc.record({
      maxAttempts: fc.integer({ min: 1, max: 10 }),
      maxDelayMs: fc.integer({ min: 50, max: 20_000 }),
      random: fc.double({ min: 0, max: 1 - Number.EPSILON / 2, noNaN: true }),
      floorMs: fc.integer({ min: 0, max: 5000 }),
      requests: fc.array(fc.oneof(failure, fc.constant(token)), { minLength: 10, maxLength: 10 }),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ maxAttempts, maxDelayMs, random, floorMs, requests }) => {
        const retry = { maxAttempts, maxDelayMs };
        const { context, log, failures } = setup({ retry, random, waitsMs: [floorMs], requests });
        const outcome = await runTokenRound(context);
        const made = log.filter((entry) => entry === 'request').length;
        const sleepsMs = log
          .filter((entry) => entry.startsWith('sleep'))
          .map((entry) => Number(entry.slice(6)));
        expect(made).toBeGreaterThanOrEqual(1);
        expect(made).toBeLessThanOrEqual(maxAttempts);
        expect(sleepsMs).toHaveLength(made);
        for (const delayMs of sleepsMs) {
          expect(delayMs).toBeGreaterThanOrEqual(floorMs);
          expect(delayMs).toBeLessThanOrEqual(Math.max(floorMs, maxDelayMs));
        }
        expect(failures.map(({ attempt }) => attempt)).toEqual(
          Array.from({ length: failures.length }, (_, i) => i + 1),
        );
        if (outcome === token) expect(failures).toHaveLength(made - 1);
        else expect(failures.at(-1)).toMatchObject({ attempt: made, nextAttemptInMs: undefined });
        for (const { nextAttemptInMs } of failures.slice(0, -1)) expect(nextAttemptInMs).toBeDefined();
      }),
      { numRuns: 1000 },
    );
  });
});
