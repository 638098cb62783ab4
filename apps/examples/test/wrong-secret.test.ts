import { type Emulator, startEmulator } from '@entraid/emulator';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ExampleRun, runExample } from './run-example.js';

const WRONG_SECRET = 'not-the-secret-8c1f';

describe('a wrong client secret', () => {
  let emulator: Emulator;
  let run: ExampleRun;
  let lines: {
    readonly where: string;
    readonly code?: string;
    readonly identityCode?: string;
    readonly cause?: string;
  }[];

  beforeAll(async () => {
    emulator = await startEmulator();
    run = await runExample('wrong-secret', emulator, { AZURE_CLIENT_SECRET: WRONG_SECRET });
    lines = run.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  }, 30_000);
  afterAll(() => emulator.close());

  it("reaches node-redis's error event at each of 5 attempts, its rejected connect(), and ioredis's error event", () => {
    expect(lines.map(({ where }) => where)).toEqual([
      ...Array.from({ length: 5 }, () => 'node-redis error event'),
      'node-redis connect()',
      'ioredis error event',
    ]);
  });

  it("carries IDENTITY_REJECTED, Entra's own code and the cause each time", () => {
    for (const line of lines) {
      expect(line).toMatchObject({ code: 'IDENTITY_REJECTED', identityCode: 'AADSTS7000215' });
      expect(line.cause).toContain('AADSTS7000215');
    }
  });

  it('costs 1 identity request for 7 failed attempts', () => {
    expect(emulator.identity.requests).toBe(1);
  });

  it('shows the secret nowhere, and the process ends by itself', () => {
    expect(run.stdout + run.stderr).not.toContain(WRONG_SECRET);
    expect(run.exitCode).toBe(0);
  });
});
