import type { Clock } from './clock.js';
import { scheduleByWallClock } from './wall-timer.js';

/** One timer per key: a token that many connections use is watched once. */
export class ExpiryWatch<Key> {
  readonly #clock: Clock;
  readonly #onNear: (key: Key) => void;
  readonly #cancels = new Map<Key, () => void>();

  constructor(clock: Clock, onNear: (key: Key) => void) {
    this.#clock = clock;
    this.#onNear = onNear;
  }

  /** Tells of `key` once, in `delayMs`, unless it is watched already. An infinite delay is no delay to wait for. */
  add(key: Key, delayMs: number): void {
    if (this.#cancels.has(key) || !Number.isFinite(delayMs)) return;
    const cancel = scheduleByWallClock(this.#clock, delayMs, () => {
      this.#cancels.delete(key);
      this.#onNear(key);
    });
    this.#cancels.set(key, cancel);
  }

  delete(key: Key): void {
    this.#cancels.get(key)?.();
    this.#cancels.delete(key);
  }

  clear(): void {
    for (const key of [...this.#cancels.keys()]) this.delete(key);
  }
}
