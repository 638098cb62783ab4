import {
  IDENTITY_OPTION_NAMES,
  type IdentityOptions,
  type ParsedIdentityOptions,
  parseIdentityOptions,
} from './identity/identity-options.js';
import { checkBoolean, checkInteger, checkKnownOptions } from './option-checks.js';
import type { RedisServerOptions } from './redis/redis-server.js';

/** How an emulator starts. The identity side's options stand at the top. */
export interface EmulatorOptions extends IdentityOptions {
  /** The Redis side; false leaves it out. Default: a server of its own behind a plain TCP gate. */
  readonly redis?: false | EmulatorRedisOptions;
}

/** How the Redis side starts. */
export interface EmulatorRedisOptions {
  /** Whether the gate serves TLS, with a certificate of the emulator's authority. Default: false. */
  readonly tls?: boolean;
  /** The gate's port, 0 to 65535; 0 takes a free one. Default: 0. */
  readonly port?: number;
  /** How `redis-server` itself is started. */
  readonly server?: RedisServerOptions;
}

/** {@link EmulatorOptions}, checked and filled in. */
export interface ParsedEmulatorOptions {
  readonly identity: ParsedIdentityOptions;
  readonly redis:
    | { readonly tls: boolean; readonly port: number; readonly server: RedisServerOptions }
    | undefined;
}

/** Throws `INVALID_OPTION` naming the option, its range and the value. The server's own options it leaves to the server. */
export function parseEmulatorOptions(options: EmulatorOptions): ParsedEmulatorOptions {
  checkKnownOptions('startEmulator', options, [...IDENTITY_OPTION_NAMES, 'redis']);
  const { redis = {}, ...identityOptions } = options;
  const identity = parseIdentityOptions(identityOptions);
  if (redis === false) return { identity, redis: undefined };
  checkKnownOptions('redis', redis, ['tls', 'port', 'server']);
  const { tls = false, port = 0, server = {} } = redis;
  return {
    identity,
    redis: {
      tls: checkBoolean('redis.tls', tls),
      port: checkInteger('redis.port', port, 0, 65_535),
      server,
    },
  };
}
