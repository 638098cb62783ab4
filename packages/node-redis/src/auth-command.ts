import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Token } from '@entraid/core';
import type { StreamingCredentials, StreamingCredentialsListener } from './streaming-credentials.js';

/*
 * The client's TracingChannel for commands. One object goes through all events of a command, and carries `result` or
 * `error` at the end (nodejs.org/api/diagnostics_channel.html#tracingchannel-channels). Source of the name and of
 * `command`: @redis/client 6.3.1, dist/lib/client/tracing.js; published since 5.12.
 */
const COMMAND_START = 'tracing:node-redis:command:start';
const COMMAND_ASYNC_END = 'tracing:node-redis:command:asyncEnd';

interface CommandTrace {
  readonly command?: unknown;
  readonly result?: unknown;
  readonly error?: unknown;
}

/** One call of a client's `onNext`, and the AUTH that came of it. */
interface Attempt {
  trace: CommandTrace | undefined;
}

/** One for all, since its values belong to the contexts: before Node 24 each instance would stay for ever once used. */
const currentAttempt = new AsyncLocalStorage<Attempt>();

/**
 * Makes clients send AUTH and learns what became of it, which their hook does not tell. It is subscribed to the clients'
 * command channels only while an AUTH is under way: a subscriber makes every command of the process slower.
 */
export class AuthCommand {
  readonly #awaited = new Map<CommandTrace, () => void>();

  /**
   * Sends AUTH with `token` through the client that `listener` belongs to. Resolves to `applied` when the reply was OK; to
   * `deferred` when it was QUEUED (a transaction is open), or when the client did not send it (a RESP2 subscription is
   * active). Rejects with the client's error. Settles when the reply comes or the connection breaks.
   *
   * Of clients older than 5.12, whose commands cannot be followed, it is taken as applied once it was sent.
   */
  async send(listener: StreamingCredentialsListener, token: Token): Promise<'applied' | 'deferred'> {
    const attempt: Attempt = { trace: undefined };
    const credentials = new OfferedCredentials(token);
    // The client starts the command's trace before onNext returns.
    subscribe(COMMAND_START, this.#onStart);
    try {
      currentAttempt.run(attempt, () => listener.onNext(credentials));
    } finally {
      unsubscribe(COMMAND_START, this.#onStart);
    }
    if (attempt.trace === undefined) return credentials.taken ? 'applied' : 'deferred';
    await this.#end(attempt.trace);
    return outcomeOf(attempt.trace);
  }

  /** Whether this runs because of an AUTH whose outcome {@link send} reports. */
  get isCaller(): boolean {
    return currentAttempt.getStore()?.trace !== undefined;
  }

  #onStart = (context: unknown): void => {
    const attempt = currentAttempt.getStore();
    const trace = context as CommandTrace | undefined;
    if (attempt !== undefined && trace?.command === 'AUTH') attempt.trace ??= trace;
  };

  #onAsyncEnd = (context: unknown): void => {
    this.#awaited.get(context as CommandTrace)?.();
  };

  async #end(trace: CommandTrace): Promise<void> {
    // A client that throws instead of rejecting ends its trace at once.
    if (trace.error !== undefined) return;
    if (this.#awaited.size === 0) subscribe(COMMAND_ASYNC_END, this.#onAsyncEnd);
    await new Promise<void>((resolve) => this.#awaited.set(trace, resolve));
    this.#awaited.delete(trace);
    if (this.#awaited.size === 0) unsubscribe(COMMAND_ASYNC_END, this.#onAsyncEnd);
  }
}

/** The client reads the password when, and only when, it sends it. */
class OfferedCredentials implements StreamingCredentials {
  readonly #token: Token;
  #taken = false;

  constructor(token: Token) {
    this.#token = token;
  }

  get taken(): boolean {
    return this.#taken;
  }

  get username(): string {
    return this.#token.username;
  }

  get password(): string {
    this.#taken = true;
    return this.#token.password;
  }
}

/** A reply may be a Buffer, where the client's type mapping says so. */
function outcomeOf({ result, error }: CommandTrace): 'applied' | 'deferred' {
  if (error !== undefined) throw error as Error;
  const reply = String(result);
  if (reply === 'OK') return 'applied';
  if (reply === 'QUEUED') return 'deferred';
  throw new Error(`unexpected reply to AUTH: ${reply.slice(0, 100)}`);
}
