import { afterEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { type Clock, MAX_TIMER_MS, systemClock } from '../src/index.js';
import { FakeClock } from '../src/testing/index.js';
import { MAX_NAP_MS, scheduleByWallClock, stopwatch } from '../src/wall-timer.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** A clock that remembers the delays that were asked of it. */
class RecordingClock extends FakeClock {
  readonly delaysMs: number[] = [];

  override schedule(delayMs: number, run: () => void, keepAlive?: boolean): () => void {
    this.delaysMs.push(delayMs);
    return super.schedule(delayMs, run, keepAlive);
  }
}

function setup(delayMs: number, keepAlive?: boolean) {
  const clock = new RecordingClock();
  const runs: number[] = [];
  const cancel = scheduleByWallClock(clock, delayMs, () => runs.push(clock.monotonic()), keepAlive);
  return { clock, runs, cancel };
}

describe('scheduleByWallClock', () => {
  it.each([1, 59_999, 60_000, 60_001, 150_000])(
    'runs once after %d ms, and not 1 ms before',
    async (delayMs) => {
      const { clock, runs } = setup(delayMs);
      await clock.advance(delayMs - 1);
      expect(runs).toEqual([]);
      await clock.advance(1);
      expect(runs).toEqual([delayMs]);
      await clock.advance(HOUR);
      expect(runs).toHaveLength(1);
      expect(clock.pendingTimers).toBe(0);
    },
  );

  it.each([0, -1, -HOUR])('runs in a turn of its own for %d ms', async (delayMs) => {
    const { clock, runs } = setup(delayMs);
    expect(runs).toEqual([]);
    expect(clock.delaysMs).toEqual([0]);
    await clock.advance(0);
    expect(runs).toEqual([0]);
  });

  it('naps for 60,000 ms at most: one nap for 60,000 ms, two for 60,001 ms', async () => {
    expect(MAX_NAP_MS).toBe(60_000);
    const one = setup(60_000);
    await one.clock.advance(60_000);
    expect(one.clock.delaysMs).toEqual([60_000]);
    const two = setup(60_001);
    await two.clock.advance(60_001);
    expect(two.clock.delaysMs).toEqual([60_000, 1]);
  });

  it.each([MAX_TIMER_MS, MAX_TIMER_MS + 1])(
    'runs after %d ms, around what setTimeout takes, in naps of 60 s',
    async (delayMs) => {
      expect(MAX_TIMER_MS).toBe(2 ** 31 - 1);
      const { clock, runs } = setup(delayMs);
      await clock.advance(delayMs - 1);
      expect(runs).toEqual([]);
      await clock.advance(1);
      expect(runs).toEqual([delayMs]);
      expect(Math.max(...clock.delaysMs)).toBe(60_000);
      expect(clock.delaysMs).toHaveLength(Math.ceil(delayMs / 60_000));
    },
  );

  it('waits whole ms, so that the clock has moved when it looks: 1501 ms for 1500.25 ms', async () => {
    const { clock, runs } = setup(1500.25);
    await clock.advance(1500);
    expect(runs).toEqual([]);
    await clock.advance(1);
    expect(runs).toEqual([1501]);
    expect(clock.delaysMs).toEqual([1501]);
  });

  it('runs at the end of the nap in which the machine slept past the time, at most 60 s after waking', async () => {
    const { clock, runs } = setup(HOUR);
    await clock.advance(90_000);
    clock.suspend(5 * HOUR);
    await clock.advance(29_999);
    expect(runs).toEqual([]);
    await clock.advance(1);
    expect(runs).toEqual([120_000]);
  });

  it('counts a sleep of 30 min, and waits for the rest alone', async () => {
    const { clock, runs } = setup(HOUR);
    clock.suspend(30 * MINUTE);
    await clock.advance(30 * MINUTE - 1);
    expect(runs).toEqual([]);
    await clock.advance(1);
    expect(runs).toEqual([30 * MINUTE]);
  });

  it('is not delayed by a wall clock that was set back by 2 h, before or on the way', async () => {
    const { clock, runs } = setup(HOUR);
    clock.shiftWallClock(-2 * HOUR);
    await clock.advance(30 * MINUTE);
    clock.shiftWallClock(-2 * HOUR);
    await clock.advance(30 * MINUTE - 1);
    expect(runs).toEqual([]);
    await clock.advance(1);
    expect(runs).toEqual([HOUR]);
  });

  it('naps again when a timer fires 1 ms early', async () => {
    const clock = new RecordingClock();
    const early: Clock = {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      schedule: (delayMs, run) => clock.schedule(Math.max(1, delayMs - 1), run),
    };
    const runs: number[] = [];
    scheduleByWallClock(early, 1000, () => runs.push(clock.monotonic()));
    await clock.advance(999);
    expect(runs).toEqual([]);
    await clock.advance(1);
    expect(runs).toEqual([1000]);
  });

  it('never runs when it is cancelled: before the first nap ends, in a later nap, and twice', async () => {
    for (const beforeMs of [0, 59_999, 60_000, 90_000, 149_999]) {
      const { clock, runs, cancel } = setup(150_000);
      await clock.advance(beforeMs);
      cancel();
      cancel();
      expect(clock.pendingTimers).toBe(0);
      await clock.advance(HOUR);
      expect(runs).toEqual([]);
    }
  });

  it('takes a cancellation that comes too late', async () => {
    const { clock, runs, cancel } = setup(1000);
    await clock.advance(1000);
    cancel();
    expect(runs).toEqual([1000]);
  });

  it('keeps the process alive in every nap when it is told to, and in none otherwise', async () => {
    for (const [keepAlive, timers] of [
      [true, 1],
      [false, 0],
      [undefined, 0],
    ] as const) {
      const { clock } = setup(150_000, keepAlive);
      expect(clock.keepAliveTimers).toBe(timers);
      await clock.advance(60_000);
      expect(clock.keepAliveTimers).toBe(timers);
      expect(clock.pendingTimers).toBe(1);
    }
  });

  it('runs once, never before its time by both clocks, whatever happens to the wall clock (1,000 cases)', async () => {
    const event = fc.record({
      passMs: fc.integer({ min: 0, max: 10 * MINUTE }),
      shiftMs: fc.integer({ min: -HOUR, max: HOUR }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 20 * MINUTE }),
        fc.array(event, { maxLength: 5 }),
        async (delayMs, events) => {
          const clock = new FakeClock();
          const elapsedMs = stopwatch(clock);
          const runs: number[] = [];
          scheduleByWallClock(clock, delayMs, () => runs.push(elapsedMs()));
          for (const { passMs, shiftMs } of events) {
            await clock.advance(passMs);
            clock.shiftWallClock(shiftMs);
          }
          // By now the time is past, or at most one nap away from being noticed.
          await clock.advance(delayMs + MAX_NAP_MS);
          expect(runs).toHaveLength(1);
          expect(runs[0]).toBeGreaterThanOrEqual(delayMs);
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe('stopwatch', () => {
  it('starts at 0 and counts what passes on both clocks', async () => {
    const clock = new FakeClock();
    await clock.advance(5000);
    const elapsedMs = stopwatch(clock);
    expect(elapsedMs()).toBe(0);
    await clock.advance(1234);
    expect(elapsedMs()).toBe(1234);
  });

  it('counts sleep by the wall clock, and loses nothing to a wall clock set back', async () => {
    const clock = new FakeClock();
    const elapsedMs = stopwatch(clock);
    await clock.advance(1000);
    clock.suspend(HOUR);
    expect(elapsedMs()).toBe(HOUR + 1000);
    clock.shiftWallClock(-3 * HOUR);
    expect(elapsedMs()).toBe(1000);
  });
});

describe('systemClock.schedule', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  /** What reaches setTimeout; nothing is ever waited for. */
  function scheduled(delayMs: number, keepAlive?: boolean) {
    const setTimeoutSpy = jest.spyOn(globalThis, 'setTimeout');
    const cancel = systemClock.schedule(delayMs, () => undefined, keepAlive);
    const timer = setTimeoutSpy.mock.results[0]?.value as NodeJS.Timeout;
    const asked = setTimeoutSpy.mock.calls[0]?.[1];
    setTimeoutSpy.mockRestore();
    return { cancel, timer, asked };
  }

  it('passes 2,147,483,647 ms on, and cuts 2,147,483,648 ms and Infinity to it', () => {
    for (const [delayMs, expected] of [
      [2_147_483_647, 2_147_483_647],
      [2_147_483_648, 2_147_483_647],
      [Infinity, 2_147_483_647],
      [60_000, 60_000],
      [0, 0],
      [-1, 0],
    ] as const) {
      const { cancel, asked } = scheduled(delayMs);
      cancel();
      expect(asked).toBe(expected);
    }
  });

  it('does not keep the process alive unless it is told to', () => {
    for (const [keepAlive, hasRef] of [
      [undefined, false],
      [false, false],
      [true, true],
    ] as const) {
      const { cancel, timer } = scheduled(HOUR, keepAlive);
      expect(timer.hasRef()).toBe(hasRef);
      cancel();
    }
  });

  it('clears the timer when it is cancelled', () => {
    const { cancel, timer } = scheduled(HOUR);
    const clear = jest.spyOn(globalThis, 'clearTimeout');
    cancel();
    expect(clear).toHaveBeenCalledWith(timer);
  });

  it("reads the machine's clocks", () => {
    const beforeMs = Date.now();
    const nowMs = systemClock.now();
    expect(nowMs).toBeGreaterThanOrEqual(beforeMs);
    expect(nowMs).toBeLessThanOrEqual(Date.now());
    expect(systemClock.monotonic()).toBeLessThanOrEqual(systemClock.monotonic());
  });
});
