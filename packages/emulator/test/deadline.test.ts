import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { scheduleAt } from '../src/deadline.js';

const DAY_MS = 24 * 60 * 60 * 1000;

beforeEach(() => {
  jest.useFakeTimers({ now: 1_000_000 });
});

afterEach(() => {
  jest.useRealTimers();
});

describe('scheduleAt', () => {
  it.each([1, 1000, 2_147_483_647, 2_147_483_648, 40 * DAY_MS])(
    'runs once after %i ms and not before',
    (delayMs) => {
      const run = jest.fn();
      scheduleAt(1_000_000 + delayMs, run);
      jest.advanceTimersByTime(delayMs - 1);
      expect(run).not.toHaveBeenCalled();
      jest.advanceTimersByTime(1);
      expect(run).toHaveBeenCalledTimes(1);
      jest.advanceTimersByTime(60 * DAY_MS);
      expect(run).toHaveBeenCalledTimes(1);
    },
  );

  it('does not keep the process alive', () => {
    const schedule = jest.spyOn(globalThis, 'setTimeout');
    scheduleAt(1_000_500, () => undefined);
    expect(schedule.mock.results.map(({ value }) => (value as NodeJS.Timeout).hasRef())).toEqual([false]);
  });

  it('runs at once, but not synchronously, when the time is past', () => {
    const run = jest.fn();
    scheduleAt(0, run);
    expect(run).not.toHaveBeenCalled();
    jest.advanceTimersByTime(1);
    expect(run).toHaveBeenCalledTimes(1);
  });

  it('waits on when its timer fires early against the wall clock', () => {
    const run = jest.fn();
    scheduleAt(1_000_500, run);
    jest.setSystemTime(999_990);
    jest.advanceTimersByTime(500);
    expect(run).not.toHaveBeenCalled();
    jest.advanceTimersByTime(10);
    expect(run).toHaveBeenCalledTimes(1);
  });

  it.each([0, 2_147_483_647])('does not run when cancelled after %i ms', (afterMs) => {
    const run = jest.fn();
    const cancel = scheduleAt(1_000_000 + 40 * DAY_MS, run);
    jest.advanceTimersByTime(afterMs);
    cancel();
    jest.advanceTimersByTime(60 * DAY_MS);
    expect(run).not.toHaveBeenCalled();
  });
});
