import { once } from 'node:events';
import { rawToken } from '@entraid/core';
import { adapterContract } from '@entraid/core/testing';
import { startEmulator } from '@entraid/emulator';
import { describe, it } from '@jest/globals';
import { createRedis } from '../src/index.js';

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
      const redis = createRedis({ host: '127.0.0.1', port, lazyConnect: true }, credentials);
      redis.on('error', () => {});
      await redis.connect();
      return {
        ping: () => redis.ping(),
        close: async () => {
          const ended = once(redis, 'end');
          await redis.quit();
          await ended;
        },
      };
    },
  });
});
