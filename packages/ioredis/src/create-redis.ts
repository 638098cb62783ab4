import { Redis, type RedisOptions } from 'ioredis';
import { attach } from './attach.js';
import type { RedisCredentials } from './credentials.js';
import { refuseOwnCredentials } from './refuse-own-credentials.js';
import { withCredentials } from './with-credentials.js';

/** ioredis options that decide the client's type, as `new Redis(options)` infers it. */
export type RedisOptionsOf<Mapping extends ReplyMapping> = RedisOptions & {
  replyMapping?: Mapping | undefined;
};
/** The values of ioredis's option `replyMapping`. */
export type ReplyMapping = NonNullable<RedisOptions['replyMapping']>;

/**
 * An ordinary ioredis `Redis`, standalone or behind sentinels, that signs in with the current token and stays signed in
 * while tokens rotate. Everything else is as in `new Redis(options)`, `new Redis(url)` and `new Redis(url, options)`;
 * it connects at once unless `lazyConnect` is set. Its duplicates are signed in the same way.
 *
 * Throws `INVALID_OPTION` when the options or the URL contain a user name or a password.
 */
export function createRedis<Mapping extends ReplyMapping = 'legacy'>(
  options: RedisOptionsOf<Mapping>,
  credentials: RedisCredentials,
): Redis<Mapping>;
export function createRedis(url: string, credentials: RedisCredentials): Redis;
export function createRedis<Mapping extends ReplyMapping = 'legacy'>(
  url: string,
  options: RedisOptionsOf<Mapping>,
  credentials: RedisCredentials,
): Redis<Mapping>;
export function createRedis(
  ...args: [RedisOptions | string, RedisCredentials] | [string, RedisOptions, RedisCredentials]
): Redis {
  const [target, options, credentials] =
    args.length === 3
      ? args
      : typeof args[0] === 'string'
        ? [args[0], {}, args[1]]
        : [undefined, args[0], args[1]];
  // ioredis's own signature refuses `replyMapping: undefined` under exactOptionalPropertyTypes.
  const armed = withCredentials(options as RedisOptions & { replyMapping?: 'legacy' }, credentials);
  if (target === undefined) return attach(new Redis(armed), credentials);
  // What a URL says wins over the options; ioredis itself is the one to read it (query parameters count, too).
  refuseOwnCredentials('url', new Redis(target, { lazyConnect: true }).options);
  return attach(new Redis(target, armed), credentials);
}
