import type { Clock } from '../clock.js';

interface Timer {
  readonly dueMs: number;
  readonly sequence: number;
  readonly keepAlive: boolean;
  readonly run: () => void;
}

/**
 * A clock that moves only when told to. Timers run in the order they are due, and everything that a timer sets going
 * (promise chains included) comes to rest before the next one runs.
 */
export class FakeClock implements Clock {
  #wallOffsetMs: number;
  #monotonicMs = 0;
  #sequence = 0;
  /** Sorted by due time, then by the order of scheduling. */
  readonly #timers: Timer[] = [];

  /** `startMs`: what {@link now} says at first, in ms since the epoch. Default: 1 January 2026, 00:00 UTC. */
  constructor(startMs: number = Date.UTC(2026, 0, 1)) {
    this.#wallOffsetMs = startMs;
  }

  now(): number {
    return this.#wallOffsetMs + this.#monotonicMs;
  }

  monotonic(): number {
    return this.#monotonicMs;
  }

  schedule(delayMs: number, run: () => void, keepAlive = false): () => void {
    const timer: Timer = {
      dueMs: this.#monotonicMs + Math.max(0, delayMs),
      sequence: this.#sequence++,
      keepAlive,
      run,
    };
    this.#timers.splice(this.#insertionIndex(timer), 0, timer);
    return () => {
      const index = this.#timers.indexOf(timer);
      if (index >= 0) this.#timers.splice(index, 1);
    };
  }

  /** Timers that have not run yet. */
  get pendingTimers(): number {
    return this.#timers.length;
  }

  /** Those of them that keep the process alive. */
  get keepAliveTimers(): number {
    return this.#timers.filter((timer) => timer.keepAlive).length;
  }

  /** Lets `ms` pass on both clocks and runs what comes due on the way. `advance(0)` lets pending work come to rest. */
  async advance(ms: number): Promise<void> {
    const targetMs = this.#monotonicMs + ms;
    await settle();
    for (
      let timer = this.#timers[0];
      timer !== undefined && timer.dueMs <= targetMs;
      timer = this.#timers[0]
    ) {
      this.#timers.shift();
      this.#monotonicMs = Math.max(this.#monotonicMs, timer.dueMs);
      timer.run();
      await settle();
    }
    this.#monotonicMs = Math.max(this.#monotonicMs, targetMs);
  }

  /** Moves the wall clock alone: forward, or back with a negative number. No timer runs. */
  shiftWallClock(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }

  /** The machine sleeps for `ms`: the wall clock goes on, timers and the monotonic clock stand still. */
  suspend(ms: number): void {
    this.shiftWallClock(ms);
  }

  #insertionIndex(timer: Timer): number {
    let low = 0;
    let high = this.#timers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#timers[middle] as Timer;
      if (other.dueMs <= timer.dueMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Every microtask runs before the next turn of the event loop. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
