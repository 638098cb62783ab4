import {
  type EmulatorOptions,
  type EmulatorRedisOptions,
  type ParsedEmulatorOptions,
  parseEmulatorOptions,
} from './emulator-options.js';
import { type IdentityEmulator, launchIdentityEmulator } from './identity/identity-emulator.js';
import { RedisGate } from './redis/redis-gate.js';
import { startRedisServer } from './redis/redis-server.js';

/** The Redis side of an emulator. */
export interface EmulatorRedis {
  readonly host: string;
  readonly port: number;
  /** `redis://host:port`, or `rediss:` with TLS; without credentials. */
  readonly url: string;
  /** TLS options for clients; undefined without TLS. */
  readonly tls: { readonly ca: string } | undefined;
  /** Counters, events and faults. */
  readonly gate: RedisGate;
}

/** A running emulator. `redis` is undefined when it was started with `redis: false`. */
export interface Emulator<Redis extends EmulatorRedis | undefined = EmulatorRedis> extends AsyncDisposable {
  readonly identity: IdentityEmulator;
  readonly redis: Redis;
  /** The certificate authority behind every TLS endpoint of the emulator (PEM). */
  readonly ca: string;
  /** The same as a file; gone after `close()`. */
  readonly caFile: string;
  /** What a program needs in its environment to use the emulator as if it were Azure. Holds the client's secret. */
  readonly env: Readonly<Record<string, string>>;
  /** Ends everything that was started. Idempotent; nothing keeps the process alive afterwards. */
  close(): Promise<void>;
}

/**
 * Starts Entra ID and a Redis that takes its tokens. Rejects with `INVALID_OPTION`, `PORT_UNAVAILABLE`,
 * `REDIS_SERVER_NOT_FOUND` or `REDIS_SERVER_FAILED`; nothing is left running then.
 */
export async function startEmulator(
  options: EmulatorOptions & { readonly redis: false },
): Promise<Emulator<undefined>>;
export async function startEmulator(
  options?: EmulatorOptions & { readonly redis?: EmulatorRedisOptions },
): Promise<Emulator>;
export async function startEmulator(options?: EmulatorOptions): Promise<Emulator<EmulatorRedis | undefined>>;
export async function startEmulator(
  options: EmulatorOptions = {},
): Promise<Emulator<EmulatorRedis | undefined>> {
  const parsed = parseEmulatorOptions(options);
  const parts = new StartedParts();
  try {
    const { identity, redis } = await startParts(parsed, parts);
    const close = (): Promise<void> => parts.close();
    const { ca, caFile } = identity;
    const env = environment(identity, redis);
    return { identity, redis, ca, caFile, env, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await parts.close();
    throw error;
  }
}

/** What has been started, to be closed the other way round. */
class StartedParts {
  readonly #parts: { close(): Promise<void> }[] = [];

  async keep<Part extends { close(): Promise<void> }>(starting: Promise<Part>): Promise<Part> {
    const part = await starting;
    this.#parts.push(part);
    return part;
  }

  async close(): Promise<void> {
    for (const part of this.#parts.toReversed()) await part.close();
  }
}

async function startParts(
  options: ParsedEmulatorOptions,
  parts: StartedParts,
): Promise<{ readonly identity: IdentityEmulator; readonly redis: EmulatorRedis | undefined }> {
  // Both must have settled before a failure is reported, or the other would be left running.
  const [identityStart, serverStart] = await Promise.allSettled([
    parts.keep(launchIdentityEmulator(options.identity)),
    options.redis === undefined ? undefined : parts.keep(startRedisServer(options.redis.server)),
  ]);
  if (identityStart.status === 'rejected') throw identityStart.reason;
  if (serverStart.status === 'rejected') throw serverStart.reason;
  const identity = identityStart.value;
  const server = serverStart.value;
  if (server === undefined || options.redis === undefined) return { identity, redis: undefined };

  const { tls, port } = options.redis;
  const gate = await parts.keep(
    RedisGate.start({
      server,
      verifier: identity.verifier,
      assigned: identity.clients.map((client) => client.objectId),
      port,
      ...(tls ? { tls: await identity.certificates.issueServerCertificate() } : {}),
    }),
  );
  const redis: EmulatorRedis = {
    host: gate.host,
    port: gate.port,
    url: `${tls ? 'rediss' : 'redis'}://${gate.host}:${gate.port}`,
    tls: tls ? { ca: identity.ca } : undefined,
    gate,
  };
  return { identity, redis };
}

function environment(
  identity: IdentityEmulator,
  redis: EmulatorRedis | undefined,
): Readonly<Record<string, string>> {
  return {
    NODE_EXTRA_CA_CERTS: identity.caFile,
    AZURE_AUTHORITY_HOST: identity.authorityHost,
    AZURE_TENANT_ID: identity.tenantId,
    AZURE_CLIENT_ID: identity.clientId,
    AZURE_CLIENT_SECRET: identity.clientSecret,
    ...(redis === undefined
      ? {}
      : { REDIS_HOST: redis.host, REDIS_PORT: String(redis.port), REDIS_URL: redis.url }),
  };
}
