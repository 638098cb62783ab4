// What an application sees of a wrong secret, with either client: the error that each of them emits, and how a
// `reconnectStrategy` that gives up turns it into a rejected `connect()`. Prints one JSON object per line.
import { isEntraIdError } from '@entraid/core';
import { clientSecret } from '@entraid/identity';
import { createCredentialsProvider, createRedis } from '@entraid/ioredis';
import { createCredentialsProvider as forNodeRedis } from '@entraid/node-redis';
import { createClient } from 'redis';
import { identityFromEnvironment, required } from './environment.js';

const credentials = createCredentialsProvider(clientSecret(identityFromEnvironment()));
const url = required('REDIS_URL');

const stubborn = createClient({
  url,
  credentialsProvider: forNodeRedis(credentials),
  socket: { reconnectStrategy: 20 },
});
const errors: unknown[] = [];
const fiveErrors = new Promise<void>((resolve) => {
  stubborn.on('error', (error: unknown) => {
    errors.push(error);
    if (errors.length === 5) resolve();
  });
});
const connecting = stubborn.connect().catch(() => {});
await fiveErrors;
for (const error of errors) print('node-redis error event', error);
stubborn.destroy();
await connecting;

const resigned = createClient({
  url,
  credentialsProvider: forNodeRedis(credentials),
  socket: { reconnectStrategy: false },
});
resigned.on('error', () => {});
await resigned.connect().catch((error: unknown) => print('node-redis connect()', error));

const redis = createRedis(
  { host: required('REDIS_HOST'), port: Number(required('REDIS_PORT')), lazyConnect: true },
  credentials,
);
await new Promise<void>((resolve) => {
  redis.once('error', (error: unknown) => {
    print('ioredis error event', error);
    resolve();
  });
  redis.connect().catch(() => {});
});
redis.disconnect();

function print(where: string, error: unknown): void {
  const known = isEntraIdError(error);
  const { message } = error as Error;
  const facts = known
    ? { code: error.code, identityCode: error.identityCode, cause: String(error.cause) }
    : {};
  process.stdout.write(`${JSON.stringify({ where, message, ...facts })}\n`);
}
