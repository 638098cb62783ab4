import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** How a child process ended, and what it wrote. */
export interface ChildResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs after `code`: how long it took the process to end by itself, in ms. */
const REPORT_EXIT = `
const ended = performance.now();
process.on('exit', () => console.log('exited after', Math.round(performance.now() - ended)));
`;

/**
 * Runs an ES module that imports this package as it is built, in a process of its own with Node's default flags and
 * `gc()`. `tokens` are what `nextToken()` gives, one after the other; `connect` makes a connected client.
 */
export async function runChild(
  code: string,
  { port, tokens }: { readonly port: number; readonly tokens: readonly string[] },
): Promise<ChildResult> {
  const prelude = `
    import { channel } from 'node:diagnostics_channel';
    import { createClient } from 'redis';
    import { createCredentialsProvider, rawToken } from './dist/esm/index.js';
    const tokens = JSON.parse(process.env.TOKENS);
    let requests = 0;
    const nextToken = () => rawToken(tokens[Math.min(requests++, tokens.length - 1)]);
    const AT_ONCE = { minRequestIntervalMs: 50, reauthentication: { windowMs: 0 } };
    const open = (credentialsProvider) => createClient({
      socket: { host: '127.0.0.1', port: Number(process.env.PORT), reconnectStrategy: 20 },
      credentialsProvider,
    }).on('error', () => {});
    const CHANNELS = [
      'tracing:node-redis:connect:start', 'tracing:node-redis:command:start', 'tracing:node-redis:command:asyncEnd',
      'node-redis:connection:ready', 'node-redis:connection:closed', 'node-redis:connection:handoff', 'node-redis:error',
    ];
    const heard = () => CHANNELS.filter((name) => channel(name).hasSubscribers);
    const turn = () => new Promise(setImmediate);
    const collect = async (done) => {
      for (let i = 0; i < 200 && !done(); i++) { await turn(); gc(); }
    };
  `;
  const child = spawn(
    process.execPath,
    ['--expose-gc', '--input-type=module', '-e', prelude + code + REPORT_EXIT],
    {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      env: { PATH: process.env['PATH'], PORT: String(port), TOKENS: JSON.stringify(tokens) },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 20_000,
    },
  );
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  const [code_] = (await once(child, 'close')) as [number | null];
  return { code: code_, ...output };
}
