/**
 * Where a manager takes its time from. Injectable, so that minutes cost nothing in tests: see `FakeClock` in
 * `@entraid/core/testing`.
 */
export interface Clock {
  /** Wall-clock time in ms since the Unix epoch. May jump either way. */
  now(): number;
  /** Milliseconds from an arbitrary origin; never goes back, may stand still while the machine sleeps. */
  monotonic(): number;
  /**
   * Calls `run` once after at least `delayMs` (from 0; longer than {@link MAX_TIMER_MS} is cut to it). Must not keep the
   * process alive unless `keepAlive` is `true`, which is asked for only while a caller awaits the outcome. Returns a
   * function that cancels it and is harmless when it is too late.
   */
  schedule(delayMs: number, run: () => void, keepAlive?: boolean): () => void;
}

/** Longest delay that `setTimeout` takes; above it Node fires after 1 ms (nodejs.org/api/timers.html, v20). */
export const MAX_TIMER_MS = 2_147_483_647;

/** The machine's clocks and timers. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  schedule(delayMs, run, keepAlive = false) {
    const timer = setTimeout(run, Math.min(Math.max(delayMs, 0), MAX_TIMER_MS));
    if (!keepAlive) timer.unref();
    return () => clearTimeout(timer);
  },
};
