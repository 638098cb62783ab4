import { type CredentialsProvider, EntraIdError, type Token } from '@entraid/core';
import { AuthCommand } from './auth-command.js';
import { ClientConnection, ClientSubscription } from './client-connection.js';
import { ClientIdentities, type ClientIdentity } from './client-identities.js';
import { ConnectionChannels, type ConnectionEvents } from './connection-channels.js';
import type { ReauthenticationErrors } from './reauthentication-errors.js';
import type { StreamingCredentialsListener } from './streaming-credentials.js';

/** This many refused handshakes in a row, and the token is taken to be at fault rather than the moment. */
const REFUSALS_BEFORE_REJECTION = 2;

const CLOSED = 'the credentials provider is closed';

/** Azure words it with and without prefix and suffix, so it is looked for anywhere in the message. */
const REFUSAL = /WRONGPASS|invalid username-password pair/i;

/**
 * Makes one registration per live connection out of the client's hook, which knows handshakes and nothing else: from the
 * moment the connection is ready until it ends.
 */
export class ClientConnections implements ConnectionEvents {
  readonly #credentialsProvider: CredentialsProvider;
  readonly #errors: ReauthenticationErrors | undefined;
  readonly #authCommand = new AuthCommand();
  readonly #identities = new ClientIdentities<ClientConnection>();
  readonly #channels = new ConnectionChannels(this);
  /** The current one of each client, by the client's id. */
  readonly #connections = new Map<string, ClientConnection>();
  /** Those of clients that were dropped without being closed. */
  readonly #abandoned = new FinalizationRegistry<ClientConnection>((connection) => this.#drop(connection));
  /** The one that was closed last, for the rest of that turn. */
  #justClosed: ClientConnection | undefined;
  #anonymousClients = 0;
  #registrations = 0;
  #isClosed = false;

  constructor(credentialsProvider: CredentialsProvider, errors: ReauthenticationErrors | undefined) {
    this.#credentialsProvider = credentialsProvider;
    this.#errors = errors;
  }

  /** Whether this runs because of an AUTH whose failure the reauthenticator hears of by itself. */
  get isReauthenticating(): boolean {
    return this.#authCommand.isCaller;
  }

  async subscribe(listener: StreamingCredentialsListener): Promise<[Token, ClientSubscription]> {
    if (this.#isClosed) throw new EntraIdError('CLOSED', CLOSED);
    const connection = this.#begin();
    const token = await this.#tokenFor(connection);
    connection.token = token;
    const subscription = new ClientSubscription(listener, (disposed) => this.#dispose(disposed));
    this.#attach(connection, subscription);
    if (connection.ready) this.#register(connection);
    return [token, subscription];
  }

  onReady(clientId: string): void {
    const connection = this.#connections.get(clientId);
    if (connection?.subscription === undefined || connection.ready) return;
    connection.ready = true;
    this.#register(connection);
  }

  onClosed(clientId: string, willReconnect: boolean): void {
    const connection = this.#connections.get(clientId);
    if (connection === undefined) return;
    connection.abort('the client was closed before there was a token for it');
    this.#drop(connection);
    this.#justClosed = connection;
    queueMicrotask(() => {
      this.#justClosed = undefined;
    });
    // The client opens its next connection in this very turn.
    if (willReconnect) this.#identities.enter(connection.identity);
  }

  onFailed(clientId: string, error: unknown): void {
    const connection = this.#connections.get(clientId);
    if (connection === undefined || connection.ready) return;
    // The client would put a late answer on its next connection, beside that one's own handshake.
    connection.overBecause ??= 'the connection broke before there was a token for it';
    const { token } = connection;
    if (token === undefined || !REFUSAL.test(String((error as Error | undefined)?.message))) return;
    connection.refusals++;
    if (connection.refusals === REFUSALS_BEFORE_REJECTION) {
      this.#credentialsProvider.tokenManager.rejectToken(token);
    }
  }

  /**
   * Before its maintenance the server asked the client to move. The client connected a temporary twin, took over its
   * socket, and closed it with the old socket, all in this turn; the socket keeps the twin's id.
   */
  onHandedOver(clientId: string): void {
    const old = this.#justClosed;
    const twin = this.#identities.disposed;
    const subscription = old?.subscription;
    if (old?.identity.clientId !== clientId || twin === undefined || subscription === undefined) return;
    const connection = new ClientConnection(twin.identity, { ready: true });
    connection.token = twin.token;
    this.#attach(connection, subscription);
    this.#connections.set(twin.identity.clientId, connection);
    this.#channels.open();
    this.#register(connection);
  }

  /** Ends every handshake and registration and leaves every channel. Idempotent. */
  close(): void {
    this.#isClosed = true;
    for (const connection of [...this.#connections.values()]) {
      connection.abort(CLOSED);
      this.#drop(connection);
    }
    this.#identities.release();
  }

  #begin(): ClientConnection {
    const { disposed } = this.#identities;
    this.#identities.clearDisposed();
    const connection =
      // client.reset() gives its subscription back and asks for another at once, on the connection that it has.
      disposed !== undefined && !disposed.isAnonymous
        ? new ClientConnection(disposed.identity, { ready: disposed.ready })
        : this.#handshakeOf(this.#identities.current());
    this.#connections.set(connection.identity.clientId, connection);
    this.#channels.open();
    return connection;
  }

  #handshakeOf(identity: ClientIdentity | undefined): ClientConnection {
    const previous = identity === undefined ? undefined : this.#connections.get(identity.clientId);
    // A client that is ready makes no handshake: this is another one's, in a context that the first one started.
    if (identity === undefined || previous?.ready === true) {
      const name = `node-redis-client-${++this.#anonymousClients}`;
      return new ClientConnection({ clientId: name, connectionId: name }, { isAnonymous: true });
    }
    if (previous === undefined) return new ClientConnection(identity);
    previous.overBecause ??= 'a newer handshake of the same client took its place';
    this.#drop(previous);
    return new ClientConnection(identity, { refusals: previous.refusals });
  }

  /** Never answers into a handshake that is over. */
  async #tokenFor(connection: ClientConnection): Promise<Token> {
    let failure: unknown;
    try {
      const token = await this.#credentialsProvider.tokenManager.getToken({ signal: connection.signal });
      if (connection.overBecause === undefined) return token;
    } catch (error) {
      failure = error;
    }
    this.#drop(connection);
    const { overBecause } = connection;
    if (overBecause === undefined) throw failure;
    throw new EntraIdError(overBecause === CLOSED ? 'CLOSED' : 'ABORTED', overBecause);
  }

  #attach(connection: ClientConnection, subscription: ClientSubscription): void {
    connection.attach(subscription);
    this.#abandoned.register(subscription, connection, connection);
  }

  #register(connection: ClientConnection): void {
    const { identity, token } = connection;
    if (token === undefined || this.#credentialsProvider.tokenManager.status().state === 'closed') return;
    this.#registrations++;
    this.#errors?.attach(this.#credentialsProvider, (connectionId) => this.#isOwn(connectionId));
    // Held while the connection is ready: a client behind a wrapper may have let go of it, and its end will be told.
    const held = connection.isAnonymous ? undefined : connection.subscription;
    const target = {
      id: identity.connectionId,
      authenticate: (newer: Token) => this.#authenticate(connection, held ?? connection.subscription, newer),
    };
    connection.registration = this.#credentialsProvider.reauthenticator.register(target, token);
  }

  async #authenticate(
    connection: ClientConnection,
    subscription: ClientSubscription | undefined,
    token: Token,
  ): Promise<'applied' | 'deferred'> {
    if (subscription === undefined) return 'deferred';
    const outcome = await this.#authCommand.send(subscription.listener, token);
    if (outcome === 'applied') this.#signedIn(connection, token);
    return outcome;
  }

  #signedIn(connection: ClientConnection, token: Token): void {
    if (connection.registration !== undefined) connection.token = token;
    const current = this.#connections.get(connection.identity.clientId);
    if (current === connection || current?.registration === undefined) return;
    // The client had not yet written it when the connection broke, and sent it on the next one, after the handshake.
    if (current.token !== undefined && current.token.version <= token.version) return;
    this.#unregister(current);
    current.token = token;
    this.#register(current);
  }

  #dispose(connection: ClientConnection): void {
    this.#drop(connection);
    if (!this.#isClosed) this.#identities.setDisposed(connection);
  }

  #drop(connection: ClientConnection): void {
    const { clientId } = connection.identity;
    if (this.#connections.get(clientId) === connection) this.#connections.delete(clientId);
    this.#abandoned.unregister(connection);
    this.#unregister(connection);
    if (this.#connections.size === 0) this.#channels.close();
  }

  #unregister(connection: ClientConnection): void {
    if (connection.registration === undefined) return;
    connection.end();
    this.#registrations--;
    if (this.#registrations === 0) this.#errors?.detach();
  }

  #isOwn(connectionId: string): boolean {
    for (const { identity, registration } of this.#connections.values()) {
      if (registration !== undefined && identity.connectionId === connectionId) return true;
    }
    return false;
  }
}
