import { rawToken } from '@entraid/core';
import { adapterContract } from '@entraid/core/testing';
import { startEmulator } from '@entraid/emulator';
import { describe, it } from '@jest/globals';
import { createClient } from 'redis';
import { createCredentialsProvider } from '../src/index.js';

describe('the adapter contract', () => {
  adapterContract(it, {
    async startServer() {
      const emulator = await startEmulator();
      const { identity, redis } = emulator;
      return {
        port: redis.port,
        identityProvider: {
          requestToken: () => Promise.resolve(rawToken(identity.issueToken({ lifetimeMs: 60_000 }))),
        },
        signIns: () => redis.gate.auths(),
        dropAll: () => {
          redis.gate.killAll();
        },
        close: () => emulator.close(),
      };
    },
    async connect(credentials, { port }) {
      const client = createClient({
        socket: { host: '127.0.0.1', port },
        credentialsProvider: createCredentialsProvider(credentials),
      });
      client.on('error', () => {});
      await client.connect();
      return { ping: () => client.ping(), close: () => client.close() };
    },
  });
});
