import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const DEMO = fileURLToPath(new URL('../dist/main.js', import.meta.url));

async function demo(...args: string[]) {
  const child = spawn(process.execPath, [DEMO, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr, [exitCode]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ]);
  return { stdout, stderr, exitCode: exitCode as number | null };
}

describe('the demo', () => {
  it('survives an outage and a cut within 30 s, and ends with one JSON object of 7 numbers', async () => {
    const { stdout, stderr, exitCode } = await demo('--seconds', '30');
    const lastLine = stdout.trimEnd().split('\n').at(-1) ?? '';
    expect({ complaints: stdout.match(/^not as it should be.*$/gm), stderr, exitCode }).toEqual({
      complaints: null,
      stderr: '',
      exitCode: 0,
    });
    const summary = JSON.parse(lastLine) as Record<string, number>;
    expect(Object.keys(summary)).toEqual([
      'rotations',
      'identityRequests',
      'reauthentications',
      'reconnects',
      'commands',
      'commandErrors',
      'closedByExpiry',
    ]);
    expect(summary).toMatchObject({ reconnects: 2, commandErrors: 0, closedByExpiry: 0 });
    expect(summary['reauthentications']).toBe(2 * (summary['rotations'] ?? 0));
    expect(summary['commands']).toBeGreaterThan(1000);
  }, 120_000);

  it.each(['29', '3601', 'soon', ''])('refuses --seconds %p with its range', async (seconds) => {
    expect(await demo(`--seconds=${seconds}`)).toEqual({
      stdout: '',
      stderr: `--seconds must be a number from 30 to 3600, got ${seconds}\n`,
      exitCode: 1,
    });
  });
});
