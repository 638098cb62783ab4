import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Emulator, startEmulator } from '@entraid/emulator';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const SCENARIO = fileURLToPath(new URL('process-exit/scenario.mjs', import.meta.url));
const EXIT_WITHIN_MS = 1000;

describe('the process', () => {
  let emulator: Emulator;
  let token: string;

  beforeAll(async () => {
    emulator = await startEmulator();
    token = emulator.identity.issueToken({ lifetimeMs: 600_000 });
  });

  afterAll(() => emulator.close());

  function run(name: string): ChildProcess {
    const { port } = emulator.redis;
    return spawn(process.execPath, [SCENARIO, name, String(port), token], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  }

  it.each([
    'quit',
    'disconnect',
    'disconnect while it waits for a token',
    'quit while it waits for a token',
    'never connect',
    'disconnect while it is reconnecting',
    'disconnect while it is reconnecting, with a connector of its own',
    'disconnect between two failed connects',
    'disconnect duplicates, a subscriber and a monitor',
    'quit with an AUTH outstanding behind BLPOP',
  ])('A6 exits within 1 s by itself after: %s', async (name) => {
    const child = run(name);
    const exit = once(child, 'exit');
    expect(String((await once(child.stdout as NodeJS.ReadableStream, 'data'))[0])).toBe('released\n');
    const releasedAtMs = performance.now();
    expect(await exit).toEqual([0, null]);
    expect(performance.now() - releasedAtMs).toBeLessThan(EXIT_WITHIN_MS);
  });

  it('A6 stays while a client waits for a token', async () => {
    const child = run('wait for a token that is being renewed in the background');
    const exit = once(child, 'exit');
    await once(child.stdout as NodeJS.ReadableStream, 'data');
    const outcome = await Promise.race([exit, new Promise((resolve) => setTimeout(resolve, 500, 'alive'))]);
    child.kill();
    await exit;
    expect(outcome).toBe('alive');
  });
});
