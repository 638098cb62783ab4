import type { Clock } from './clock.js';
import { type RefreshPolicy, refreshAfterMs, sameTokenRetryMs } from './refresh-time.js';
import type { Token } from './token.js';
import { stopwatch } from './wall-timer.js';

/** A token's times are whole seconds (RFC 7519 §2, NumericDate). */
const EXPIRY_RESOLUTION_MS = 1000;

/** A token in a manager's hands: how much of its life is left, and when it is due for renewal. */
export class HeldToken {
  readonly token: Token;
  readonly #ageMs: () => number;
  #dueAtAgeMs: number;
  #refused = false;

  constructor(token: Token, clock: Clock, policy: RefreshPolicy, random: number) {
    this.token = token;
    this.#ageMs = stopwatch(clock);
    this.#dueAtAgeMs = refreshAfterMs(token, policy, random);
  }

  /** Life left in ms; 0 when it is over or a server refused the token. */
  get remainingMs(): number {
    return this.#refused || this.expired ? 0 : this.token.ttlMs - this.#ageMs();
  }

  get expired(): boolean {
    return this.#ageMs() >= this.token.ttlMs;
  }

  get valid(): boolean {
    return this.remainingMs > 0;
  }

  /** Time until it is due for renewal in ms; 0 when it is. */
  get dueInMs(): number {
    return this.#refused ? 0 : Math.max(0, this.#dueAtAgeMs - this.#ageMs());
  }

  /**
   * Whether `next` takes its place: always when its own life is over; otherwise when it is a different token that does
   * not end earlier. Azure's endpoints sometimes answer from an older cache.
   */
  yieldsTo(next: Token): boolean {
    return (
      this.expired ||
      (next.password !== this.token.password && next.ttlMs + EXPIRY_RESOLUTION_MS >= this.remainingMs)
    );
  }

  /** A server refused it before its time: it counts as expired. */
  refuse(): void {
    this.#refused = true;
  }

  /** The source gave the same token again: it may be used again, and the next request waits for the source's cache. */
  confirm(minIntervalMs: number): void {
    this.#refused = false;
    const ageMs = this.#ageMs();
    const { refreshAtMs, receivedAtMs, ttlMs } = this.token;
    const hintInMs = refreshAtMs === undefined ? undefined : refreshAtMs - receivedAtMs - ageMs;
    this.#dueAtAgeMs = ageMs + sameTokenRetryMs(ttlMs - ageMs, hintInMs, minIntervalMs);
  }
}
