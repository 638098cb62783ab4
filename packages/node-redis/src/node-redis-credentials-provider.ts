import type { CredentialsProvider } from '@entraid/core';
import { ClientConnections } from './client-connections.js';
import { type ReAuthenticationErrorCallback, ReauthenticationErrors } from './reauthentication-errors.js';
import type {
  StreamingCredentials,
  StreamingCredentialsListener,
  StreamingCredentialsProvider,
  StreamingCredentialsSubscription,
} from './streaming-credentials.js';

/** How a {@link NodeRedisCredentialsProvider} is put together. */
export interface NodeRedisCredentialsProviderInit {
  readonly credentialsProvider: CredentialsProvider;
  readonly onReAuthenticationError?: ReAuthenticationErrorCallback | undefined;
  /** Whether `close()` also closes `credentialsProvider`, because nobody else uses it. */
  readonly ownsCredentialsProvider: boolean;
}

/**
 * The `credentialsProvider` of node-redis's clients, pools, clusters and sentinels. One serves any number of them. Made by
 * `createCredentialsProvider`.
 */
export class NodeRedisCredentialsProvider implements StreamingCredentialsProvider {
  readonly type = 'streaming-credentials-provider';
  /** The part that is not about node-redis: its token manager and its reauthenticator. */
  readonly credentialsProvider: CredentialsProvider;
  readonly #connections: ClientConnections;
  readonly #errors: ReauthenticationErrors | undefined;
  readonly #ownsCredentialsProvider: boolean;

  constructor(init: NodeRedisCredentialsProviderInit) {
    const { credentialsProvider, onReAuthenticationError, ownsCredentialsProvider } = init;
    this.credentialsProvider = credentialsProvider;
    this.#errors =
      onReAuthenticationError === undefined ? undefined : new ReauthenticationErrors(onReAuthenticationError);
    this.#connections = new ClientConnections(credentialsProvider, this.#errors);
    this.#ownsCredentialsProvider = ownsCredentialsProvider;
  }

  /**
   * For the client, which calls it in every handshake. Resolves to the credentials to sign in with and to a handle that
   * ends the subscription.
   *
   * Rejects with an `EntraIdError`, which the client hands on through `connect()` or its `error` event:
   * `IDENTITY_UNAVAILABLE` after a round of requests, `IDENTITY_REJECTED` at once when the configuration is at fault (and
   * without a request for as long as that is remembered), `ABORTED` when the connection broke meanwhile, `CLOSED`.
   */
  subscribe(
    listener: StreamingCredentialsListener,
  ): Promise<[StreamingCredentials, StreamingCredentialsSubscription]> {
    return this.#connections.subscribe(listener);
  }

  /** For the client. To hear of failures, use the option of the same name. */
  onReAuthenticationError(error: Error): void {
    if (!this.#connections.isReauthenticating) this.#errors?.reportRefusal(error);
  }

  /**
   * Ends the re-authentication of every client it serves, and its token manager unless that was handed in. The clients
   * stay connected until their tokens expire; close them first. Idempotent.
   */
  close(): void {
    this.#connections.close();
    if (this.#ownsCredentialsProvider) this.credentialsProvider.close();
  }

  /** The same as {@link close}. */
  [Symbol.dispose](): void {
    this.close();
  }
}
