import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import { publishListenerError } from './listener-error.js';

/** What node-redis's clients publish about their connections; all of it concerns every client of the process. */
export interface ConnectionEvents {
  /** A handshake succeeded. */
  onReady(clientId: string): void;
  /** A connection that was ready broke (`willReconnect`), or the application closed it. */
  onClosed(clientId: string, willReconnect: boolean): void;
  /** An attempt to connect failed, or a connection broke. */
  onFailed(clientId: string, error: unknown): void;
  /** The client moved to another connection before the server closed the old one. */
  onHandedOver(clientId: string): void;
}

type Message = Readonly<Record<string, unknown>> & { readonly clientId: string };

/**
 * Listens to the clients' point channels while it is open. They fire when connections come and go, never per command.
 * Source of names and payloads: @redis/client 6.3.1, dist/lib/client/tracing.js; published since 5.12.
 */
export class ConnectionChannels {
  readonly #handlers: ReadonlyMap<string, (message: unknown) => void>;
  #open = false;
  #subscribed = false;

  constructor(events: ConnectionEvents) {
    this.#handlers = new Map([
      ['node-redis:connection:ready', handler(({ clientId }) => events.onReady(clientId))],
      [
        'node-redis:connection:closed',
        handler(({ clientId, reason }) => events.onClosed(clientId, reason === 'error')),
      ],
      ['node-redis:connection:handoff', handler(({ clientId }) => events.onHandedOver(clientId))],
      ['node-redis:error', handler(({ clientId, error }) => events.onFailed(clientId, error))],
    ]);
  }

  /** Idempotent. */
  open(): void {
    this.#open = true;
    if (this.#subscribed) return;
    this.#subscribed = true;
    for (const [name, handle] of this.#handlers) subscribe(name, handle);
  }

  /** Idempotent. Takes effect at the end of the current turn: leaving a channel while it publishes makes Node 20 skip a subscriber. */
  close(): void {
    this.#open = false;
    queueMicrotask(() => {
      if (this.#open || !this.#subscribed) return;
      this.#subscribed = false;
      for (const [name, handle] of this.#handlers) unsubscribe(name, handle);
    });
  }
}

/** Messages about no client in particular are none of ours, and an exception here would be the process's uncaught one. */
function handler(handle: (message: Message) => void): (message: unknown) => void {
  return (message) => {
    const { clientId } = (message ?? {}) as { readonly clientId?: unknown };
    if (typeof clientId !== 'string') return;
    try {
      handle(message as Message);
    } catch (error) {
      publishListenerError(error);
    }
  };
}
