import { EntraIdError } from '@entraid/core';
import type { RedisOptions } from 'ioredis';
import { type RedisCredentials, resolveCredentials } from './credentials.js';
import { type AnyRedis, checkIoredisClient } from './ioredis-internals.js';
import { providerBehind } from './late-bound.js';
import { RedisAttachment } from './redis-attachment.js';
import { withCredentials } from './with-credentials.js';

const ATTACHMENT = Symbol.for('@entraid/ioredis.attachment');

/**
 * Keeps a client's connections signed in: each live one sends AUTH when the token rotates, and a token that the server
 * refuses is replaced. Duplicates, of any generation, are attached with it. The client must have been made from the
 * options that `withCredentials` returned with the same `credentials`. Nothing needs to be undone: a client that is
 * closed holds nothing.
 *
 * Returns the same client; attaching it again changes nothing. Throws `INVALID_OPTION` when `client` is not an ioredis 6
 * `Redis` or was made with other credentials.
 */
export function attach<Client extends AnyRedis>(client: Client, credentials: RedisCredentials): Client {
  const provider = resolveCredentials(credentials);
  checkIoredisClient(client);
  if (client.isCluster) {
    throw new EntraIdError('INVALID_OPTION', 'client must be an ioredis Redis, got a Cluster');
  }
  const { username, password, Connector } = client.options;
  if ([username, password, Connector].some((value) => providerBehind(value) !== provider)) {
    throw new EntraIdError(
      'INVALID_OPTION',
      'client must be made with the same credentials: attach(new Redis(withCredentials(options, credentials)), credentials)',
    );
  }
  if (Object.hasOwn(client, ATTACHMENT)) return client;
  Object.defineProperty(client, ATTACHMENT, { value: true });
  new RedisAttachment(client, provider).start();
  attachDuplicates(client, credentials);
  return client;
}

/** A duplicate gets its options from the original and would otherwise never be heard of here. */
function attachDuplicates(client: AnyRedis, credentials: RedisCredentials): void {
  const duplicate: (options: RedisOptions) => AnyRedis = client.duplicate;
  const value = (override?: RedisOptions): AnyRedis =>
    attach(
      duplicate.call(client, withCredentials({ ...client.options, ...override }, credentials)),
      credentials,
    );
  Object.defineProperty(client, 'duplicate', {
    value,
    writable: true,
    configurable: true,
    enumerable: false,
  });
}
