import type { Clock } from './clock.js';
import { atRiskMs } from './reauthentication-time.js';
import type { Token } from './token.js';
import { scheduleByWallClock } from './wall-timer.js';

/** One timer per token in use, however many connections use it: tells when its expiry is near. */
export class ExpiryWatch {
  readonly #clock: Clock;
  readonly #onNearExpiry: (version: number) => void;
  readonly #cancels = new Map<number, () => void>();

  constructor(clock: Clock, onNearExpiry: (version: number) => void) {
    this.#clock = clock;
    this.#onNearExpiry = onNearExpiry;
  }

  /** Watches `token` unless it is watched already. One whose expiry is near is told of at once, in a timer. */
  add({ version, expiresAtMs, ttlMs }: Token): void {
    if (this.#cancels.has(version)) return;
    const delayMs = expiresAtMs - this.#clock.now() - atRiskMs(ttlMs);
    const cancel = scheduleByWallClock(this.#clock, delayMs, () => {
      this.#cancels.delete(version);
      this.#onNearExpiry(version);
    });
    this.#cancels.set(version, cancel);
  }

  clear(): void {
    for (const cancel of this.#cancels.values()) cancel();
    this.#cancels.clear();
  }
}
