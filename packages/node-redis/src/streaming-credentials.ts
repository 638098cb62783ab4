/*
 * The part of node-redis's credentials types that is produced here, by shape, so that this package needs no type of the
 * client at run time or in its declarations. Source: @redis/client 6.3.1, dist/lib/authx/credentials-provider.d.ts.
 */

/** What the client signs in with: it reads both properties, and prints neither. */
export interface StreamingCredentials {
  readonly username?: string;
  readonly password?: string;
}

/** The client's side of a subscription. */
export interface StreamingCredentialsListener {
  /** Makes the client send AUTH with `credentials` on its live connection, synchronously and whatever its state. */
  onNext: (credentials: StreamingCredentials) => void;
  /** Makes the client call `onReAuthenticationError`, with the message only. Not used: that would be once per client. */
  onError: (error: Error) => void;
}

/** What the client keeps of a subscription, and disposes of when it is closed. Dropped undisposed at each reconnect. */
export interface StreamingCredentialsSubscription {
  dispose(): void;
}

/** What `createClient({ credentialsProvider })` takes. */
export interface StreamingCredentialsProvider {
  readonly type: 'streaming-credentials-provider';
  /** Called in every handshake; the client sends HELLO or AUTH with what it resolves to. */
  subscribe: (
    listener: StreamingCredentialsListener,
  ) => Promise<[StreamingCredentials, StreamingCredentialsSubscription]>;
  /** Called by the client whenever an AUTH that `onNext` made it send was not answered with success. */
  onReAuthenticationError: (error: Error) => void;
}
