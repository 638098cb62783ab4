import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { type Emulator, startEmulator } from '@entraid/emulator';
import { createClient, type RedisClientOptions } from 'redis';
import {
  createCredentialsProvider,
  type IdentityProvider,
  type NodeRedisCredentialsProvider,
  type NodeRedisCredentialsProviderOptions,
  rawToken,
} from '../src/index.js';

/** A node-redis client as `createClient` makes it, without modules. */
export type Client = ReturnType<typeof createClient>;

/** A rotation at once instead of spread, and as often as a test wants. */
export const AT_ONCE: NodeRedisCredentialsProviderOptions = {
  minRequestIntervalMs: 50,
  reauthentication: { windowMs: 0 },
};

/** Entra ID, a gated redis-server, and what a test makes with them. */
export class Fixture {
  readonly emulator: Emulator;
  /** What the clients emitted as `error`. */
  readonly errors: Error[] = [];
  /** Token requests so far. */
  requests = 0;
  readonly #providers: NodeRedisCredentialsProvider[] = [];
  readonly #clients: { destroy(): void }[] = [];

  static async start(): Promise<Fixture> {
    return new Fixture(await startEmulator());
  }

  private constructor(emulator: Emulator) {
    this.emulator = emulator;
  }

  get gate(): Emulator['redis']['gate'] {
    return this.emulator.redis.gate;
  }

  /** An identity provider whose every token is new: an expiry has whole seconds, and a newer token must live longer. */
  identityProvider(): IdentityProvider {
    return {
      requestToken: async () => {
        this.requests++;
        return rawToken(this.token(3_600_000 + this.requests * 1000));
      },
    };
  }

  /** A token of the identity that has access. */
  token(lifetimeMs = 3_600_000): string {
    return this.emulator.identity.issueToken({ lifetimeMs });
  }

  provider(
    options: NodeRedisCredentialsProviderOptions = AT_ONCE,
    identityProvider: IdentityProvider = this.identityProvider(),
  ): NodeRedisCredentialsProvider {
    return this.keepProvider(createCredentialsProvider(identityProvider, options));
  }

  keepProvider(provider: NodeRedisCredentialsProvider): NodeRedisCredentialsProvider {
    this.#providers.push(provider);
    return provider;
  }

  /** A client of the gate, not yet connected, that reconnects after 20 ms and collects its errors in {@link errors}. */
  client(credentialsProvider: NodeRedisCredentialsProvider, options: RedisClientOptions = {}): Client {
    const { host, port } = this.emulator.redis;
    const socket = { host, port, reconnectStrategy: 20, ...options.socket };
    return this.keepClient(createClient({ ...options, credentialsProvider, socket }));
  }

  keepClient<C extends { on(name: 'error', listener: (error: Error) => void): unknown; destroy(): void }>(
    client: C,
  ): C {
    client.on('error', (error: Error) => this.errors.push(error));
    this.#clients.push(client);
    return client;
  }

  /** Ends what the last test made. */
  endTest(): void {
    for (const client of this.#clients.splice(0)) client.destroy();
    for (const provider of this.#providers.splice(0)) provider.close();
    this.errors.length = 0;
    this.requests = 0;
  }

  async close(): Promise<void> {
    this.endTest();
    await this.emulator.close();
  }
}

/** Resolves when `emitter` has emitted `name`. */
export function emitted(
  emitter: { once(name: string, listener: () => void): unknown },
  name: string,
): Promise<void> {
  return new Promise((resolve) => {
    emitter.once(name, () => resolve());
  });
}

/** One AUTH as the client publishes it. */
export interface AuthTrace {
  readonly result?: unknown;
  readonly error?: unknown;
}

/** Resolves when some client starts to send AUTH, or has its reply: to the trace, which has the reply as `result`. */
export function nextAuth(event: 'start' | 'asyncEnd'): Promise<AuthTrace> {
  const name = `tracing:node-redis:command:${event}`;
  return new Promise((resolve) => {
    const onTrace = (trace: unknown): void => {
      if ((trace as { command: string }).command !== 'AUTH') return;
      queueMicrotask(() => unsubscribe(name, onTrace));
      resolve(trace as AuthTrace);
    };
    subscribe(name, onTrace);
  });
}

/** Asks for another token and resolves when every live connection has taken it. */
export async function rotate({ credentialsProvider }: NodeRedisCredentialsProvider): Promise<void> {
  const { tokenManager, reauthenticator } = credentialsProvider;
  let left = reauthenticator.status().connections;
  let leave = (): void => {};
  const rotated = new Promise<void>((resolve) => {
    leave = reauthenticator.observe({
      onReauthenticated: () => {
        left--;
        if (left === 0) resolve();
      },
    });
  });
  await tokenManager.getToken({ forceRefresh: true });
  await rotated;
  leave();
}
