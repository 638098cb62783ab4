import type { Clock } from './clock.js';

/** Longest nap between two looks at the wall clock, in ms. */
export const MAX_NAP_MS = 60_000;

/**
 * Calls `run` once, `delayMs` from now by whichever of the clocks gets there first. A sleeping laptop and a frozen
 * container stop timers and the monotonic clock but not the wall clock, so the wait is cut into naps of at most
 * {@link MAX_NAP_MS}, which also keeps it below what `setTimeout` takes. Returns a function that cancels it.
 */
export function scheduleByWallClock(
  clock: Clock,
  delayMs: number,
  run: () => void,
  keepAlive = false,
): () => void {
  const elapsedMs = stopwatch(clock);
  let cancel: () => void;
  const nap = (): void => {
    const leftMs = delayMs - elapsedMs();
    const wake = (): void => {
      if (elapsedMs() >= delayMs) run();
      else nap();
    };
    // Whole milliseconds: what is left of a fraction would be too little for the clock to move.
    cancel = clock.schedule(Math.min(Math.max(Math.ceil(leftMs), 0), MAX_NAP_MS), wake, keepAlive);
  };
  nap();
  return () => cancel();
}

/**
 * A function that tells how many ms have passed since it was made: the larger of what the two clocks say. Time lost to
 * sleep counts, and a wall clock set back takes nothing away.
 */
export function stopwatch(clock: Clock): () => number {
  const startMs = clock.now();
  const startMonotonicMs = clock.monotonic();
  return () => Math.max(clock.monotonic() - startMonotonicMs, clock.now() - startMs);
}
