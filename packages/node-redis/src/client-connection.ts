import type { ReauthenticationRegistration, Token } from '@entraid/core';
import type { ClientIdentity } from './client-identities.js';
import type {
  StreamingCredentialsListener,
  StreamingCredentialsSubscription,
} from './streaming-credentials.js';

/** How a {@link ClientConnection} begins. Default: a handshake of a known client, not refused before. */
interface ClientConnectionState {
  readonly isAnonymous?: boolean;
  readonly ready?: boolean;
  readonly refusals?: number;
}

/** One handshake of a client, and the connection that comes of it. */
export class ClientConnection {
  readonly identity: ClientIdentity;
  /** Nothing is told about its client; its end shows only in that the client lets go of its subscription. */
  readonly isAnonymous: boolean;
  /** The handshake succeeded, as far as is known. */
  ready: boolean;
  /** Handshakes of this client in a row that the server refused. */
  refusals: number;
  /** What it signs in with, and then what it is signed in with. */
  token: Token | undefined;
  registration: ReauthenticationRegistration | undefined;
  /**
   * Why the handshake must not get an answer any more. Not an error: one that is made where the client reports its end
   * would keep the client alive by its call stack.
   */
  overBecause: string | undefined;
  #subscription: WeakRef<ClientSubscription> | undefined;
  readonly #abort = new AbortController();

  constructor(
    identity: ClientIdentity,
    { isAnonymous = false, ready = isAnonymous, refusals = 0 }: ClientConnectionState = {},
  ) {
    this.identity = identity;
    this.isAnonymous = isAnonymous;
    this.ready = ready;
    this.refusals = refusals;
  }

  /** `undefined` before there is one, and when the client has let go of it. */
  get subscription(): ClientSubscription | undefined {
    return this.#subscription?.deref();
  }

  /** Makes this the connection that `subscription` is for. */
  attach(subscription: ClientSubscription): void {
    subscription.connection = this;
    this.#subscription = new WeakRef(subscription);
  }

  /** Fires when the wait for a token must end at once, because nobody needs the request any more. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  abort(reason: string): void {
    this.overBecause ??= reason;
    this.#abort.abort();
  }

  /** Idempotent. */
  end(): void {
    this.registration?.dispose();
    this.registration = undefined;
  }
}

/**
 * What a client is given for a handshake. The client keeps it until its next handshake or its close and nobody else does
 * before the connection is ready, so clients that never get there, or are dropped, leave nothing behind.
 */
export class ClientSubscription implements StreamingCredentialsSubscription {
  readonly listener: StreamingCredentialsListener;
  connection: ClientConnection | undefined;
  readonly #onDispose: (connection: ClientConnection) => void;

  constructor(listener: StreamingCredentialsListener, onDispose: (connection: ClientConnection) => void) {
    this.listener = listener;
    this.#onDispose = onDispose;
  }

  /** Called by the client when it is closed or reset. Idempotent. */
  dispose(): void {
    if (this.connection !== undefined) this.#onDispose(this.connection);
  }
}
