import type { EntraIdError } from './errors.js';
import { guard } from './listener-set.js';
import type { Token } from './token.js';

/**
 * Told about the tokens that follow the first one. Recognised by identity: one object is one subscription. What a method
 * returns is ignored, but for a promise that rejects, which is reported like an exception.
 */
export interface CredentialsListener {
  /** A newer token is in force. */
  onNext(token: Token): unknown;
  /** A round of requests failed; more will follow. What is in force stays so until it expires. */
  onError?(error: EntraIdError): unknown;
}

/** The handle of a running subscription. */
export interface Subscription {
  /** Ends it. Idempotent; the listener is not called afterwards. */
  dispose(): void;
  [Symbol.dispose](): void;
}

/** Where active subscriptions are kept. */
export interface SubscriptionRegistry {
  remove(listener: CredentialsListener): void;
}

/**
 * A listener and what it has been given. There may be one per connection of a large pool, so it is kept small: nothing
 * but these fields, and no closure.
 */
export class ActiveSubscription implements Subscription {
  readonly #listener: CredentialsListener;
  readonly #registry: SubscriptionRegistry;
  /** Nothing is delivered before the first token was handed over, which then is the newest there is. */
  #deliveredVersion = Number.POSITIVE_INFINITY;
  #waiting: AbortController | undefined;
  #disposed = false;

  constructor(listener: CredentialsListener, registry: SubscriptionRegistry) {
    this.#listener = listener;
    this.#registry = registry;
  }

  /** Fires when the subscription ends before its first token came. */
  get waitSignal(): AbortSignal {
    this.#waiting ??= new AbortController();
    return this.#waiting.signal;
  }

  /** The first token was handed over. */
  startAfter(token: Token): void {
    this.#waiting = undefined;
    this.#deliveredVersion = Math.min(this.#deliveredVersion, token.version);
  }

  next(token: Token): void {
    if (this.#disposed || token.version <= this.#deliveredVersion) return;
    this.#deliveredVersion = token.version;
    guard(() => this.#listener.onNext(token));
  }

  error(error: EntraIdError): void {
    if (!this.#disposed) guard(() => this.#listener.onError?.(error));
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#registry.remove(this.#listener);
    this.#waiting?.abort();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
