// The application: one credentials provider, two Redis clients, and load. Configured by its environment alone, as it
// would be in production; the demo starts it with the emulator's.
import { subscribe } from 'node:diagnostics_channel';
import type { DiagnosticsEvents } from '@entraid/core';
import { clientSecret } from '@entraid/identity';
import { createCredentialsProvider, createRedis } from '@entraid/ioredis';
import { createCredentialsProvider as forNodeRedis } from '@entraid/node-redis';
import { createClient } from 'redis';
import { Load } from './load.js';
import type { ClientName, Order, Report } from './reports.js';

const {
  AZURE_TENANT_ID,
  AZURE_CLIENT_ID,
  AZURE_CLIENT_SECRET,
  AZURE_AUTHORITY_HOST,
  REDIS_HOST,
  REDIS_PORT,
} = process.env as Record<string, string>;

const credentials = createCredentialsProvider(
  clientSecret({
    tenantId: AZURE_TENANT_ID as string,
    clientId: AZURE_CLIENT_ID as string,
    clientSecret: AZURE_CLIENT_SECRET as string,
    authority: { type: 'custom', authority: `${AZURE_AUTHORITY_HOST}/${AZURE_TENANT_ID}` },
  }),
  // Tokens of an hour leave minutes for everything; those of the demo live seconds.
  { minRequestIntervalMs: 100, retry: { maxAttempts: 3, initialDelayMs: 100, maxDelayMs: 400 } },
);
const host = REDIS_HOST as string;
const port = Number(REDIS_PORT);

credentials.tokenManager.subscribe({
  onNext: ({ version, ttlMs, username }) => report({ kind: 'token', version, lifeMs: ttlMs, username }),
  onError: ({ code }) => report({ kind: 'round-failed', code }),
  onStateChange: ({ from, to }) => report({ kind: 'state', from, to }),
});
credentials.reauthenticator.observe({
  onReauthenticated: ({ connectionId, version, durationMs }) =>
    report({ kind: 'reauthenticated', connectionId, version, durationMs }),
  onReauthenticationFailed: ({ connectionId, error }) =>
    report({ kind: 'reauthentication-failed', connectionId, message: error.message }),
  onConnectionAtRisk: ({ connectionId, error }) =>
    report({ kind: 'at-risk', connectionId, message: error.message }),
});
subscribe('entraid:token:refresh-failed', (message) => {
  const { error, nextAttemptInMs } = message as DiagnosticsEvents['entraid:token:refresh-failed'];
  report({ kind: 'attempt-failed', code: error.code, nextAttemptInMs });
});

const nodeRedis = createClient({ socket: { host, port }, credentialsProvider: forNodeRedis(credentials) });
nodeRedis.on('ready', () => report({ kind: 'ready', client: 'node-redis' }));
nodeRedis.on('error', (error: Error) =>
  report({ kind: 'client-error', client: 'node-redis', message: error.message }),
);

const ioredis = createRedis({ host, port }, credentials);
ioredis.on('ready', () => report({ kind: 'ready', client: 'ioredis' }));
ioredis.on('error', (error: Error) =>
  report({ kind: 'client-error', client: 'ioredis', message: error.message }),
);

await nodeRedis.connect();
const loads = [
  new Load(nodeRedis, 'node-redis', (error) => commandFailed('node-redis', error)),
  new Load(ioredis, 'ioredis', (error) => commandFailed('ioredis', error)),
];
const ticker = setInterval(reportLoad, 1000);

process.on('message', (order: Order) => {
  if (order === 'stop') void stop();
});

/** Closes the clients and nothing else: that the process ends by itself then is part of the demonstration. */
async function stop(): Promise<void> {
  clearInterval(ticker);
  await Promise.all(loads.map((load) => load.stop()));
  reportLoad();
  await nodeRedis.close();
  await ioredis.quit();
  credentials.close();
  process.disconnect();
}

function reportLoad(): void {
  const [first, second] = loads.map((load) => load.report());
  if (first === undefined || second === undefined) return;
  report({
    kind: 'load',
    load: {
      issued: first.issued + second.issued,
      succeeded: first.succeeded + second.succeeded,
      failed: first.failed + second.failed,
    },
  });
}

function commandFailed(client: ClientName, error: unknown): void {
  report({ kind: 'command-error', client, message: error instanceof Error ? error.message : String(error) });
}

function report(message: Report): void {
  process.send?.(message);
}
