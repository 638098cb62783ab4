import { type Emulator, startEmulator } from '@entraid/emulator';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runExample } from './run-example.js';

describe('quick starts, as programs of their own', () => {
  let emulator: Emulator;
  beforeAll(async () => {
    emulator = await startEmulator();
  });
  afterAll(() => emulator.close());

  it.each(['node-redis-quick-start', 'ioredis-quick-start'])(
    '%s signs in, sets, gets, closes, and ends by itself',
    async (name) => {
      expect(await runExample(name, emulator)).toEqual({ exitCode: 0, stdout: 'hello\n', stderr: '' });
    },
    30_000,
  );
});
