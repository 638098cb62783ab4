// Run by process-exit.test.ts: node scenario.mjs <name> <port> <token>. Prints `released` when it has let go of
// everything; from there on nothing may hold the process. Uses the built package, as an application does.
import { createConnection } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { attach, createCredentialsProvider, createRedis, rawToken, withCredentials } from '@entraid/ioredis';
import { AbstractConnector, Redis } from 'ioredis';

const [name, port, token] = process.argv.slice(2);
const credentials = createCredentialsProvider({ requestToken: async () => rawToken(token) });
const never = createCredentialsProvider({ requestToken: () => new Promise(() => {}) });
/** Unlike `events.once` it does not mind an 'error' event before that. */
const next = (redis, event) => new Promise((resolve) => redis.once(event, resolve));
const create = (options, source = credentials) => {
  const redis = createRedis({ port: Number(port), ...options }, source);
  redis.on('error', () => {});
  return redis;
};

const scenarios = {
  async quit() {
    const redis = create();
    await redis.ping();
    await redis.quit();
  },
  async disconnect() {
    const redis = create();
    await redis.ping();
    redis.disconnect();
  },
  async 'disconnect while it waits for a token'() {
    const redis = create({}, never);
    await next(redis, 'connecting');
    redis.disconnect();
  },
  async 'quit while it waits for a token'() {
    const redis = create({}, never);
    await next(redis, 'connecting');
    await redis.quit();
  },
  async 'never connect'() {
    create({ lazyConnect: true });
  },
  async 'disconnect while it is reconnecting'() {
    const redis = create({ retryStrategy: () => 60_000 });
    await redis.ping();
    redis.stream.destroy();
    await next(redis, 'reconnecting');
    redis.disconnect();
  },
  async 'disconnect while it is reconnecting, with a connector of its own'() {
    class Own extends AbstractConnector {
      constructor({ disconnectTimeout }) {
        super(disconnectTimeout);
      }
      async connect() {
        this.stream = createConnection(Number(port));
        return this.stream;
      }
    }
    const redis = create({ Connector: Own, retryStrategy: () => 60_000 });
    await redis.ping();
    redis.stream.destroy();
    await next(redis, 'reconnecting');
    redis.disconnect();
  },
  async 'disconnect between two failed connects'() {
    const redis = create({ port: 1, retryStrategy: () => 60_000 });
    await next(redis, 'reconnecting');
    redis.disconnect();
  },
  async 'disconnect duplicates, a subscriber and a monitor'() {
    const redis = create();
    const subscriber = redis.duplicate();
    const grandchild = subscriber.duplicate();
    await subscriber.subscribe('news');
    const monitor = await redis.monitor();
    await grandchild.ping();
    for (const client of [redis, subscriber, grandchild, monitor]) client.disconnect();
  },
  async 'quit with an AUTH outstanding behind BLPOP'() {
    const redis = attach(new Redis(withCredentials({ port: Number(port) }, credentials)), credentials);
    await redis.ping();
    const pop = redis.blpop(`nothing:${process.pid}`, 0).catch(() => {});
    await credentials.tokenManager.getToken({ forceRefresh: true });
    redis.disconnect();
    await pop;
  },
  // Lets go of nothing: the process has to stay until its parent has seen enough.
  async 'wait for a token that is being renewed in the background'() {
    never.tokenManager.subscribe({ onNext() {} });
    await setImmediate();
    const redis = create({}, never);
    await next(redis, 'connecting');
    process.stdout.write('waiting\n');
    await redis.ping();
  },
};

await scenarios[name]();
process.stdout.write('released\n');
