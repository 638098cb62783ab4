import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type IdentityProviderResponse, rawToken, TokenManager } from '../src/index.js';
import { FakeClock, type ScriptedRequest, unsignedJwt } from '../src/testing/index.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const FLOOR_MS = 1000;
const TIMEOUT_MS = 30 * SECOND;
const MAX_RETRY_AFTER_MS = 90 * SECOND;
/** The longest pause between two rounds, the round's own back-off, and a request that hangs. */
const CADENCE_MS = Math.max(MINUTE, MAX_RETRY_AFTER_MS) + TIMEOUT_MS + 12 * SECOND;

/** What the source does with one request. */
type Answer =
  | { readonly kind: 'token' | 'same'; readonly ttlMs: number; readonly delayMs: number }
  | { readonly kind: 'transient' | 'fatal' | 'throw' | 'hang' | 'garbage' }
  | { readonly kind: 'throttled'; readonly retryAfterMs: number };

/** What happens around the manager. */
type Step =
  | { readonly kind: 'advance' | 'suspend'; readonly ms: number }
  | { readonly kind: 'shift-wall'; readonly ms: number }
  | { readonly kind: 'subscribe'; readonly temper: 'calm' | 'throws' | 'rejects' | 'leaves' }
  | { readonly kind: 'unsubscribe' }
  | { readonly kind: 'get'; readonly force: boolean; readonly abortAfterMs: number | undefined }
  | { readonly kind: 'refuse' };

const answers: fc.Arbitrary<Answer> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('token' as const, 'same' as const),
    ttlMs: fc.oneof(
      fc.constantFrom(0, 1 * SECOND, 10 * SECOND, 5 * MINUTE, HOUR, DAY, 400 * DAY),
      fc.integer({ min: 0, max: 3 * 3600 }).map((seconds) => seconds * SECOND),
    ),
    delayMs: fc.constantFrom(0, 0, 0, 10, 5 * SECOND, 29_999, 30_000, 45 * SECOND),
  }),
  fc.constantFrom<Answer>(
    { kind: 'transient' },
    { kind: 'fatal' },
    { kind: 'throw' },
    { kind: 'hang' },
    { kind: 'garbage' },
  ),
  fc.record({
    kind: fc.constant('throttled' as const),
    retryAfterMs: fc.integer({ min: 0, max: MAX_RETRY_AFTER_MS }),
  }),
);

const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('advance' as const),
      ms: fc.integer({ min: 0, max: 20 * MINUTE }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('advance' as const),
      ms: fc.integer({ min: 0, max: 3 * SECOND }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('suspend' as const),
      ms: fc.integer({ min: 0, max: 8 * HOUR }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('shift-wall' as const),
      ms: fc.integer({ min: -3 * HOUR, max: 3 * HOUR }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('subscribe' as const),
      temper: fc.constantFrom(
        'calm' as const,
        'calm' as const,
        'throws' as const,
        'rejects' as const,
        'leaves' as const,
      ),
    }),
  },
  { weight: 2, arbitrary: fc.constant<Step>({ kind: 'unsubscribe' }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('get' as const),
      force: fc.boolean(),
      abortAfterMs: fc.option(fc.integer({ min: 0, max: MINUTE }), { nil: undefined }),
    }),
  },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: 'refuse' }) },
);

/** A manager in a hostile world that checks, at every request and every answer, what must always hold. */
class World {
  readonly clock = new FakeClock();
  readonly manager: TokenManager;
  readonly #script: readonly Answer[];
  #healthy = false;
  #requests = 0;
  #last: string | undefined;
  #lastTtlMs = 0;
  readonly #unanswered = new Set<ScriptedRequest>();
  #lastEdgeMs = Number.NEGATIVE_INFINITY;
  /** When each token's life ends on the monotonic clock, by password. */
  readonly #endsAtMs = new Map<string, number>();
  readonly #unsubscribes: (() => void)[] = [];
  #closed = false;
  readonly violations: string[] = [];

  constructor(script: readonly Answer[]) {
    this.#script = script;
    this.manager = new TokenManager(
      { requestToken: (options) => this.#answer({ ...options, number: ++this.#requests }) },
      { clock: this.clock },
    );
  }

  get subscribed(): boolean {
    return this.#unsubscribes.length > 0;
  }

  /** From now on the source gives a fresh token of an hour at once. */
  heal(): void {
    this.#healthy = true;
  }

  async take(step: Step): Promise<void> {
    switch (step.kind) {
      case 'advance':
        return this.clock.advance(step.ms);
      case 'suspend':
        this.clock.suspend(step.ms);
        return this.clock.advance(0);
      case 'shift-wall':
        this.clock.shiftWallClock(step.ms);
        return this.clock.advance(0);
      case 'subscribe':
        this.subscribe(step.temper);
        return this.clock.advance(0);
      case 'unsubscribe':
        this.#unsubscribes.pop()?.();
        return;
      case 'get':
        this.#get(step.force, step.abortAfterMs);
        return this.clock.advance(0);
      case 'refuse': {
        const token = this.manager.currentToken();
        if (token !== undefined) this.manager.rejectToken(token);
        return this.clock.advance(0);
      }
    }
  }

  subscribe(temper: 'calm' | 'throws' | 'rejects' | 'leaves'): void {
    let lastVersion = 0;
    const unsubscribe = this.manager.subscribe({
      onNext: (token) => {
        this.#checkAlive();
        if (token.version <= lastVersion) this.violations.push('delivered a token twice, or an older one');
        lastVersion = token.version;
        if (temper === 'throws') throw new Error('a listener');
        if (temper === 'leaves') this.#leave(unsubscribe);
        if (temper === 'rejects') return Promise.reject(new Error('a listener'));
      },
      onError: () => this.#checkAlive(),
    });
    this.#unsubscribes.push(unsubscribe);
  }

  /** While anybody is subscribed, something is always about to happen. */
  checkSchedule(): void {
    if (!this.subscribed) return;
    if (this.clock.pendingTimers === 0)
      this.violations.push('nothing is scheduled while somebody is subscribed');
  }

  close(): void {
    this.manager.close();
    this.#closed = true;
  }

  #leave(unsubscribe: () => void): void {
    unsubscribe();
    const index = this.#unsubscribes.indexOf(unsubscribe);
    if (index >= 0) this.#unsubscribes.splice(index, 1);
  }

  #checkAlive(): void {
    if (this.#closed) this.violations.push('called a listener after close');
  }

  #get(forceRefresh: boolean, abortAfterMs: number | undefined): void {
    const abort = new AbortController();
    if (abortAfterMs !== undefined) this.clock.schedule(abortAfterMs, () => abort.abort());
    this.manager.getToken({ forceRefresh, signal: abort.signal }).then(
      (token) => {
        const lifeMs = (this.#endsAtMs.get(token.password) ?? 0) - this.clock.monotonic();
        if (lifeMs <= 0) this.violations.push(`handed out a token that expired ${-lifeMs} ms ago`);
      },
      (error: { code?: string }) => {
        if (error.code === undefined) this.violations.push(`rejected without a code`);
      },
    );
  }

  async #answer(request: ScriptedRequest): Promise<IdentityProviderResponse> {
    const nowMs = this.clock.monotonic();
    const gapMs = nowMs - this.#lastEdgeMs;
    if (gapMs < FLOOR_MS) this.violations.push(`asked again after ${gapMs} ms`);
    if (![...this.#unanswered].every(({ signal }) => signal.aborted))
      this.violations.push('two requests at once');
    this.#lastEdgeMs = nowMs;
    this.#unanswered.add(request);
    try {
      return await this.#act(request);
    } finally {
      this.#unanswered.delete(request);
      if (!request.signal.aborted) this.#lastEdgeMs = this.clock.monotonic();
    }
  }

  async #act({ number }: ScriptedRequest): Promise<IdentityProviderResponse> {
    const answer: Answer = this.#healthy
      ? { kind: 'token', ttlMs: HOUR, delayMs: 0 }
      : (this.#script[(number - 1) % this.#script.length] as Answer);
    switch (answer.kind) {
      case 'transient':
        throw Object.assign(new Error('down'), { code: 'ECONNREFUSED' });
      case 'fatal':
        throw Object.assign(new Error('no'), { errorCode: 'invalid_client' });
      case 'throttled':
        throw Object.assign(new Error('slow down'), { status: 429, retryAfterMs: answer.retryAfterMs });
      case 'throw':
        // eslint-disable-next-line @typescript-eslint/only-throw-error -- a source may throw anything
        throw 'not even an error';
      case 'hang':
        return new Promise(() => {});
      case 'garbage':
        return { type: 'Nonsense' } as never;
      case 'token':
      case 'same': {
        if (answer.delayMs > 0)
          await new Promise<void>((resolve) => this.clock.schedule(answer.delayMs, resolve));
        if (answer.kind === 'same' && this.#last !== undefined && this.#lastTtlMs > 0)
          return rawToken(this.#last);
        const iat = Math.floor(this.clock.now() / 1000);
        const token = unsignedJwt({ oid: 'user', iat, exp: iat + answer.ttlMs / 1000, uti: number });
        this.#endsAtMs.set(token, this.clock.monotonic() + answer.ttlMs);
        this.#last = token;
        this.#lastTtlMs = answer.ttlMs;
        return rawToken(token);
      }
    }
  }
}

describe('TokenManager, whatever its source, its clocks and its subscribers do', () => {
  const unhandled: unknown[] = [];
  const onUnhandled = (reason: unknown): void => void unhandled.push(reason);
  beforeAll(() => void process.on('unhandledRejection', onUnhandled));
  afterAll(() => void process.off('unhandledRejection', onUnhandled));

  it('never has two requests at once or within the floor, never hands out an expired token, always has a next step', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(answers, { minLength: 1, maxLength: 12 }),
        fc.array(steps, { maxLength: 25 }),
        async (script, plan) => {
          const world = new World(script);
          for (const step of plan) {
            await world.take(step);
            world.checkSchedule();
          }
          world.close();
          await world.clock.advance(HOUR);
          expect(world.violations).toEqual([]);
        },
      ),
      { numRuns: 1000 },
    );
    expect(unhandled).toEqual([]);
  }, 120_000);

  it(`holds a valid token within ${CADENCE_MS / 1000} s of its source's recovery, while anybody is subscribed`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(answers, { minLength: 1, maxLength: 12 }),
        fc.array(steps, { maxLength: 15 }),
        async (script, plan) => {
          const world = new World(script);
          for (const step of plan) await world.take(step);
          world.subscribe('calm');
          world.heal();
          await world.clock.advance(CADENCE_MS);
          expect(world.violations).toEqual([]);
          expect(world.manager.currentToken()).toBeDefined();
          world.close();
        },
      ),
      { numRuns: 1000 },
    );
    expect(unhandled).toEqual([]);
  }, 120_000);
});
