/**
 * Everything of ioredis that its documentation does not promise and this package touches, in one place.
 * Read from ioredis 6.0.0 (built/Redis.js, built/Command.js, built/redis/event_handler.js, built/connectors).
 * The option `Connector`, the events, `options`, `status`, `mode` and `duplicate()` are documented and used elsewhere.
 */
import { EntraIdError } from '@entraid/core';
import { Command, type Redis, type RedisOptions, SentinelConnector } from 'ioredis';

/** The class that the documented option `Connector` takes. Its type is not exported by name. */
export type ConnectorClass = NonNullable<RedisOptions['Connector']>;
/** What {@link ConnectorClass} constructs: `connect`, `disconnect`, `check` and `firstError` are what ioredis uses of it. */
export type Connector = InstanceType<ConnectorClass>;
/** A TCP, TLS or Unix socket. */
export type Stream = Redis['stream'];
/** Any ioredis client, whatever its reply mapping. */
export type AnyRedis = Redis | Redis<'resp3'>;
/** `Redis#sendCommand`: the funnel of every command, `@ignore`d in its documentation and public in its types. */
export type SendCommand = (command: Command, ...rest: unknown[]) => unknown;
export type { Command };

/**
 * Refuses whatever does not look like an ioredis 6 client, before anything of it is changed.
 * Throws `INVALID_OPTION`.
 */
export function checkIoredisClient(client: unknown): void {
  const candidate = client as Partial<Redis> | null | undefined;
  const isClient =
    typeof candidate?.sendCommand === 'function' &&
    typeof candidate.duplicate === 'function' &&
    typeof candidate.on === 'function' &&
    typeof candidate.options === 'object';
  if (isClient) return;
  throw new EntraIdError(
    'INVALID_OPTION',
    `client must be an ioredis 6 Redis, got ${client === null ? 'null' : typeof client}`,
  );
}

/** ioredis's own connector for sentinels. It is not used when the option `Connector` is set, so ours constructs it. */
export function createSentinelConnector(options: RedisOptions): Connector {
  return new SentinelConnector(options);
}

/**
 * `AbstractConnector#disconnect` waits `disconnectTimeout` for the last stream's 'close', with a timer that holds the
 * process, also when that stream is long closed: so a closed stream is taken from the connector.
 */
export function forgetClosedStream(connector: Connector, stream: Stream): void {
  const holder = connector as unknown as { stream?: Stream | undefined };
  if (holder.stream === stream) holder.stream = undefined;
}

const INTERCEPTOR = Symbol.for('@entraid/ioredis.interceptor');

/**
 * Puts `intercept` before `sendCommand`, on this instance only and once: a monitor takes it off at every close, so it may
 * be called again.
 */
export function interceptCommands(
  redis: AnyRedis,
  intercept: (command: Command, forward: () => unknown) => unknown,
): void {
  const sendCommand = redis.sendCommand as SendCommand & { [INTERCEPTOR]?: true };
  if (sendCommand[INTERCEPTOR]) return;
  const value: SendCommand = (command, ...rest) =>
    intercept(command, () => sendCommand.call(redis, command, ...rest));
  Object.defineProperty(value, INTERCEPTOR, { value: true });
  Object.defineProperty(redis, 'sendCommand', {
    value,
    writable: true,
    configurable: true,
    enumerable: false,
  });
}

/**
 * A failed handshake makes ioredis reject every command that waits for the connection (6.0.0, Redis#recoverFromFatalError).
 * For the errors that `isPassing` names they go on waiting for the next attempt, up to `maxRetriesPerRequest`.
 */
export function keepWaitingCommands(redis: AnyRedis, isPassing: (error: Error) => boolean): void {
  const { recoverFromFatalError } = redis;
  // Without it ioredis does what it always did: the commands get the error.
  if (typeof recoverFromFatalError !== 'function') return;
  const value: typeof recoverFromFatalError = (commandError, error, options) =>
    recoverFromFatalError.call(
      redis,
      commandError,
      error,
      isPassing(error) ? { ...options, offlineQueue: false } : options,
    );
  Object.defineProperty(redis, 'recoverFromFatalError', { value, writable: true, configurable: true });
}

/** An AUTH of ours: the application's `commandTimeout` does not end it, and printing it shows no argument. */
export function createAuthCommand(username: string, password: string): Command {
  const command = new Command('auth', [username, password], { replyEncoding: 'utf8' });
  Object.defineProperty(command, 'setTimeout', { value: () => {} });
  concealArguments(command);
  return command;
}

/**
 * Prints the arguments as `[redacted]`: `util.inspect` and `JSON.stringify` of a client show its command queue, and a reply
 * error has the very array.
 */
export function concealArguments({ args }: Command): void {
  const value = (): string => '[redacted]';
  Object.defineProperty(args, 'toJSON', { value, configurable: true });
  Object.defineProperty(args, Symbol.for('nodejs.util.inspect.custom'), { value, configurable: true });
}

/** Calls `onReply` or `onError` just before the command settles. Its promise, and who handles it, stay as they are. */
export function beforeSettled(
  command: Command,
  { onReply, onError }: { onReply?: () => void; onError?: (error: Error) => void },
): void {
  const { resolve, reject } = command;
  command.resolve = (reply) => {
    onReply?.();
    resolve(reply);
  };
  command.reject = (error) => {
    onError?.(error);
    reject(error);
  };
}

/** Whether a command written now goes to the socket: neither ioredis's offline queue nor a stream that is ending. */
export function isWritable(redis: AnyRedis): boolean {
  return redis.status === 'ready' && redis.stream.writable;
}

/** Whether replies are outstanding. A version that does not tell counts as one that has none. */
export function hasCommandsInFlight(redis: AnyRedis): boolean {
  const { commandQueue } = redis as { commandQueue?: { readonly length: number } };
  return commandQueue !== undefined && commandQueue.length > 0;
}

/** `host:port#local port`, or the socket's path: one name per physical connection. */
export function connectionId(redis: AnyRedis): string {
  const { host, port, path, sentinels, connectionName } = redis.options;
  const { remoteAddress, remotePort, localPort } = redis.stream ?? {};
  const server = path ?? (sentinels ? `${remoteAddress}:${remotePort}` : `${host}:${port}`);
  const client = connectionName ? `/${connectionName}` : '/redis';
  return `${server}${client}${localPort === undefined ? '' : `#${localPort}`}`;
}
