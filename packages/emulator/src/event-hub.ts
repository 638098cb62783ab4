import { EmulatorError } from './emulator-error.js';

/** The listening half of an event source: `Events` maps each event's name to its payload. */
export interface TypedEventSource<Events> {
  /** Calls `listener` on each event until the returned function is called. */
  on<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): () => void;
  /**
   * Resolves to the next event of that name for which `matches` holds (default: any).
   * Rejects with `CLOSED` when the source closes first.
   */
  once<Name extends keyof Events>(
    name: Name,
    matches?: (event: Events[Name]) => boolean,
  ): Promise<Events[Name]>;
}

/** Typed events. A listener that throws stops neither the source nor the other listeners: its error surfaces as uncaught. */
export class EventHub<Events> implements TypedEventSource<Events> {
  readonly #listeners = new Map<keyof Events, Set<(event: never) => void>>();
  readonly #abandon = new Set<() => void>();

  on<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): () => void {
    // A function of its own per call, so that one listener added twice is two listeners.
    const entry = (event: Events[Name]): void => listener(event);
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(entry));
    return () => void listeners.delete(entry);
  }

  once<Name extends keyof Events>(
    name: Name,
    matches: (event: Events[Name]) => boolean = () => true,
  ): Promise<Events[Name]> {
    const { promise, resolve, reject } = withResolvers<Events[Name]>();
    const abandon = (): void => {
      off();
      reject(new EmulatorError('CLOSED', `closed before the event '${String(name)}' came`));
    };
    const off = this.on(name, (event) => {
      if (!matches(event)) return;
      off();
      this.#abandon.delete(abandon);
      resolve(event);
    });
    this.#abandon.add(abandon);
    // Whoever awaits still sees the rejection; whoever forgot the promise does not take the process down.
    promise.catch(() => undefined);
    return promise;
  }

  emit<Name extends keyof Events>(name: Name, event: Events[Name]): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      try {
        (listener as (event: Events[Name]) => void)(event);
      } catch (error) {
        // As EventTarget does in Node.js: the error is the listener's own, and must not be lost.
        process.nextTick(() => {
          throw error;
        });
      }
    }
  }

  close(): void {
    for (const abandon of [...this.#abandon]) abandon();
    this.#abandon.clear();
    this.#listeners.clear();
  }
}

/** `Promise.withResolvers`, which Node.js has from 22. */
function withResolvers<T>(): {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (reason: unknown) => void;
} {
  let resolve!: (value: T) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
