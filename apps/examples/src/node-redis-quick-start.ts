// Prerequisites: AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET, and REDIS_URL (rediss://name.region.redis.azure.net:10000).
import { clientSecret } from '@entraid/identity';
import { createCredentialsProvider } from '@entraid/node-redis';
import { createClient } from 'redis';
import { identityFromEnvironment, required } from './environment.js';

const credentialsProvider = createCredentialsProvider(clientSecret(identityFromEnvironment()));
const client = createClient({ url: required('REDIS_URL'), credentialsProvider });
client.on('error', (error: Error) => process.stderr.write(`${error.name}: ${error.message}\n`));
await client.connect();
await client.set('greeting', 'hello');
process.stdout.write(`${await client.get('greeting')}\n`);
await client.close();
