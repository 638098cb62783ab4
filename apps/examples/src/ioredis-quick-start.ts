// Prerequisites: AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET, REDIS_HOST (name.region.redis.azure.net), REDIS_PORT;
// REDIS_TLS=no for a Redis without TLS on this machine.
import { clientSecret } from '@entraid/identity';
import { createCredentialsProvider, createRedis } from '@entraid/ioredis';
import { identityFromEnvironment, required } from './environment.js';

const credentials = createCredentialsProvider(clientSecret(identityFromEnvironment()));
const redis = createRedis(
  {
    host: required('REDIS_HOST'),
    port: Number(required('REDIS_PORT')),
    ...(process.env['REDIS_TLS'] === 'no' ? {} : { tls: {} }),
  },
  credentials,
);
redis.on('error', (error: Error) => process.stderr.write(`${error.name}: ${error.message}\n`));
await redis.set('greeting', 'hello');
process.stdout.write(`${await redis.get('greeting')}\n`);
await redis.quit();
