import {
  type CredentialsProvider,
  EntraIdError,
  type ReauthenticationRegistration,
  type ReauthenticationTarget,
  type Token,
} from '@entraid/core';
import {
  type AnyRedis,
  beforeSettled,
  type Command,
  concealArguments,
  connectionId,
  createAuthCommand,
  hasCommandsInFlight,
  interceptCommands,
  isWritable,
  keepWaitingCommands,
} from './ioredis-internals.js';
import { isRefusal, isSignInCommand, redactFailedCommand } from './sign-in.js';

type Outcome = 'applied' | 'deferred';

/**
 * Follows one client through its physical connections and gives each of them, from ready to close, to the
 * re-authenticator. It is held by nothing but the client and, while connected, by that registration.
 */
export class RedisAttachment {
  readonly #redis: AnyRedis;
  readonly #provider: CredentialsProvider;
  readonly #sentByUs = new WeakSet<Command>();
  /** Refusals of a token that the manager replaces: the next attempt will not be refused for the same reason. */
  readonly #passing = new WeakSet<Error>();
  #signedInWith: Token | undefined;
  #registration: ReauthenticationRegistration | undefined;
  /** The MULTI that opened the transaction this connection is in. */
  #openTransaction: Command | undefined;
  #deferred = false;
  #abandonAuth: (() => void) | undefined;

  constructor(redis: AnyRedis, provider: CredentialsProvider) {
    this.#redis = redis;
    this.#provider = provider;
  }

  start(): void {
    const intercept = (command: Command, forward: () => unknown): unknown => this.#pass(command, forward);
    interceptCommands(this.#redis, intercept);
    keepWaitingCommands(this.#redis, (error) => this.#passing.has(error));
    this.#redis.on('connecting', () => interceptCommands(this.#redis, intercept));
    this.#redis.on('ready', () => this.#connected());
    this.#redis.on('close', () => this.#disconnected());
    this.#connected();
  }

  #connected(): void {
    // A monitor takes no AUTH: it is replaced when its token expires. 'ready' is emitted late, the socket may be gone.
    if (this.#redis.status !== 'ready' || this.#redis.mode === 'monitor') return;
    const { tokenManager, reauthenticator } = this.#provider;
    // A handshake from before this attachment carried nobody knows which token: version 0 is older than any.
    const token = this.#signedInWith ?? tokenManager.currentToken()?.withVersion(0);
    if (token === undefined) return;
    this.#registration?.dispose();
    const id = connectionId(this.#redis);
    const target: ReauthenticationTarget = {
      id,
      authenticate: (newToken) => this.#authenticate(id, newToken),
      isIdle: () =>
        isWritable(this.#redis) && this.#openTransaction === undefined && !hasCommandsInFlight(this.#redis),
    };
    this.#registration = reauthenticator.register(target, token);
  }

  #disconnected(): void {
    this.#registration?.dispose();
    this.#registration = undefined;
    this.#signedInWith = undefined;
    this.#openTransaction = undefined;
    this.#deferred = false;
    this.#abandonAuth?.();
  }

  /** Every command of the client, when it is issued and again whenever ioredis takes it from a queue. */
  #pass(command: Command, forward: () => unknown): unknown {
    const name = command.name.toLowerCase();
    if (isSignInCommand(name)) return this.#passSignIn(command, forward);
    const result = forward();
    if (this.#redis.status !== 'ready') return result;
    if (name === 'multi') this.#transactionBegins(command);
    else if (name === 'exec' || name === 'discard' || name === 'reset') this.#transactionEnds();
    else if (name.endsWith('unsubscribe')) beforeSettled(command, { onReply: () => this.#retrySoon() });
    return result;
  }

  #passSignIn(command: Command, forward: () => unknown): unknown {
    if (this.#sentByUs.has(command)) {
      // Issued by ioredis a second time: it was in flight when its connection closed, and its token is old.
      command.reject(
        new EntraIdError('REAUTHENTICATION_FAILED', 'the connection closed before AUTH was answered'),
      );
      return command.promise;
    }
    concealArguments(command);
    if (this.#redis.status === 'connect') this.#handshake(command);
    else beforeSettled(command, { onError: redactFailedCommand });
    return forward();
  }

  /** The command's arguments were made strings in this same tick, so the current token is the one that they contain. */
  #handshake(command: Command): void {
    const { tokenManager } = this.#provider;
    const token = tokenManager.currentToken();
    this.#signedInWith = token;
    beforeSettled(command, {
      onError: (error) => {
        redactFailedCommand(error);
        if (token === undefined || !isRefusal(error)) return;
        tokenManager.rejectToken(token);
        if (tokenManager.currentToken() !== token) this.#passing.add(error);
      },
    });
  }

  #authenticate(connection: string, token: Token): Promise<Outcome> {
    const redis = this.#redis;
    if (!isWritable(redis) || redis.mode !== 'normal' || this.#openTransaction !== undefined) {
      this.#deferred = true;
      return Promise.resolve('deferred');
    }
    return new Promise<Outcome>((resolve, reject) => {
      const command = createAuthCommand(token.username, token.password);
      this.#abandonAuth = () => resolve('deferred');
      command.promise.then((reply: unknown) => {
        if (reply === 'OK') return resolve('applied');
        if (reply !== 'QUEUED') return reject(unexpectedReply(connection));
        this.#openTransaction = command;
        this.#deferred = true;
        resolve('deferred');
      }, reject);
      redis.sendCommand(command);
      this.#sentByUs.add(command);
    });
  }

  #transactionBegins(command: Command): void {
    this.#openTransaction = command;
    beforeSettled(command, {
      onError: (error) => {
        // A MULTI inside a transaction is refused and leaves it open; any other refused MULTI opened none.
        if (this.#openTransaction === command && !/nested/i.test(error.message)) this.#transactionEnds();
      },
    });
  }

  #transactionEnds(): void {
    this.#openTransaction = undefined;
    this.#retrySoon();
  }

  /** Not now: ioredis issues a pipeline's commands in one go and writes them at the end, and AUTH must not come between. */
  #retrySoon(): void {
    if (!this.#deferred) return;
    this.#deferred = false;
    queueMicrotask(() => this.#registration?.retry());
  }
}

function unexpectedReply(connectionId: string): EntraIdError {
  return new EntraIdError('REAUTHENTICATION_FAILED', 'AUTH was not answered with OK', { connectionId });
}
