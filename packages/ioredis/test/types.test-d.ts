import { Redis, type RedisOptions } from 'ioredis';
import { attach, type CredentialsProvider, createRedis, withCredentials } from '../src/index.js';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function assertType<_Expected extends true>(): void {}

declare const credentials: CredentialsProvider;
declare const someOptions: RedisOptions;

const plain = createRedis({ host: 'localhost', tls: {} }, credentials);
assertType<Equal<typeof plain, Redis<'legacy'>>>();
const mapped = createRedis({ replyMapping: 'resp3' }, credentials);
assertType<Equal<typeof mapped, Redis<'resp3'>>>();
const fromUrl = createRedis('redis://localhost', credentials);
assertType<Equal<typeof fromUrl, Redis<'legacy'>>>();
const fromBoth = createRedis(
  'redis://localhost',
  { replyMapping: 'resp3' },
  { credentialsProvider: credentials },
);
assertType<Equal<typeof fromBoth, Redis<'resp3'>>>();
createRedis(someOptions, credentials) satisfies Redis<'legacy' | 'resp3'>;

const built = new Redis(
  withCredentials({ host: 'localhost', replyMapping: 'resp3', protocol: 3 }, credentials),
);
assertType<Equal<typeof built, Redis<'resp3'>>>();
const attached = attach(built, credentials);
assertType<Equal<typeof attached, Redis<'resp3'>>>();
const builtPlain = attach(new Redis(withCredentials({ host: 'localhost' }, credentials)), credentials);
assertType<Equal<typeof builtPlain, Redis<'legacy'>>>();
const duplicate = attached.duplicate({ replyMapping: 'legacy' });
assertType<Equal<typeof duplicate, Redis<'legacy'>>>();
assertType<Equal<ReturnType<typeof withCredentials<RedisOptions>>, RedisOptions>>();

class Subclassed extends Redis {
  extra = 1;
}
attach(new Subclassed(withCredentials({ host: 'localhost' }, credentials)), credentials)
  .extra satisfies number;

// @ts-expect-error an identity provider is not a credentials provider: createCredentialsProvider() makes one of it
createRedis({ host: 'localhost' }, { requestToken: async () => ({ type: 'RawToken', rawToken: 'x' }) });
// @ts-expect-error credentials are not optional
createRedis({ host: 'localhost' });
// @ts-expect-error an option ioredis does not know
createRedis({ hots: 'localhost' }, credentials);
