import { describe, expect, it } from '@jest/globals';
import {
  createClient,
  createClientPool,
  createCluster,
  createSentinel,
  type RedisClientOptions,
} from 'redis';
import {
  createCredentialsProvider,
  type NodeRedisCredentialsProvider,
  type StreamingCredentialsListener,
  type StreamingCredentialsProvider,
} from '../src/index.js';

type ClientsProvider = Extract<
  NonNullable<RedisClientOptions['credentialsProvider']>,
  { readonly type: 'streaming-credentials-provider' }
>;
type ClientsListener = Parameters<ClientsProvider['subscribe']>[0];

// Checked by `npm run typecheck`: both directions of what crosses the border between the client and this package.
const provided = (provider: NodeRedisCredentialsProvider): ClientsProvider => provider;
const declared = (provider: ClientsProvider): StreamingCredentialsProvider => provider;
const listened = (listener: ClientsListener): StreamingCredentialsListener => listener;

describe('the provider', () => {
  it('is assignable to the credentialsProvider of clients, pools, clusters and sentinels', () => {
    const credentialsProvider = createCredentialsProvider({
      requestToken: () => Promise.reject(new Error('none')),
    });
    const clients = [
      createClient({ credentialsProvider }),
      createClientPool({ credentialsProvider }),
      createCluster({ rootNodes: [], defaults: { credentialsProvider } }),
      createSentinel({ name: 'main', sentinelRootNodes: [], nodeClientOptions: { credentialsProvider } }),
    ];
    expect(clients).toHaveLength(4);
    expect(declared(provided(credentialsProvider)).type).toBe('streaming-credentials-provider');
    expect(listened({ onNext: () => {}, onError: () => {} })).toBeDefined();
    credentialsProvider.close();
  });
});
