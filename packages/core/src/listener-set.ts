import { publishListenerError } from './diagnostics.js';

/**
 * Listeners that cannot hurt each other or their caller: one that throws, or whose promise rejects, is reported on the
 * `entraid:listener:error` channel and the next one is called. A listener removed during a round of calls is not called.
 */
export class ListenerSet<T extends object> {
  readonly #listeners = new Set<{ readonly listener: T }>();

  get size(): number {
    return this.#listeners.size;
  }

  /** Adds `listener`; adding the same object twice calls it twice. Returns a function that removes this addition. */
  add(listener: T): () => void {
    const entry = { listener };
    this.#listeners.add(entry);
    return () => {
      this.#listeners.delete(entry);
    };
  }

  /** Calls `call` with each listener, in the order they were added. */
  notify(call: (listener: T) => unknown): void {
    for (const entry of [...this.#listeners]) {
      if (this.#listeners.has(entry)) guard(() => call(entry.listener));
    }
  }

  clear(): void {
    this.#listeners.clear();
  }
}

/** Runs somebody else's callback; what it throws, or rejects with, is reported and goes no further. */
export function guard(run: () => unknown): void {
  try {
    const result = run();
    if (isThenable(result)) result.then(undefined, publishListenerError);
  } catch (error) {
    publishListenerError(error);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}
