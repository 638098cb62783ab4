// Two Redis clients stay signed in while tokens of 10 s rotate for a minute, the identity side goes away and comes back,
// and every connection is cut once. Exits with 0 only if all went as it should.
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Emulator, startEmulator } from '@entraid/emulator';
import { ClientProcess } from './client-process.js';
import { Observations } from './observations.js';
import type { LoadReport, Report } from './reports.js';
import { Terminal } from './terminal.js';
import { complaints, summarise } from './verdict.js';

const TOKEN_LIFETIME_MS = 10_000;
/** Before the renewal, which comes at 65 to 70 % of life. */
const OUTAGE_AT_AGE_MS = 5500;
/** How much longer than the failed round the outage lasts. */
const OUTAGE_AFTER_ROUND_MS = 300;
const CLIENTS = 2;
const EXIT_LIMIT_MS = 10_000;

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' } } });
const durationMs = Number(values.seconds) * 1000;
if (!(durationMs >= 30_000 && durationMs <= 3_600_000)) {
  process.stderr.write(`--seconds must be a number from 30 to 3600, got ${values.seconds}\n`);
  process.exit(1);
}

const terminal = new Terminal(process.stdout);
const seen = new Observations();
const emulator = await startEmulator({ tokenLifetimeMs: TOKEN_LIFETIME_MS });
const clients = new ClientProcess(emulator.env);
process.once('SIGINT', () => clients.kill());

try {
  process.exitCode = await run(emulator);
} catch (error) {
  terminal.plain(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
} finally {
  clients.kill();
  await emulator.close();
}

async function run({ identity, redis }: Emulator): Promise<number> {
  const startMs = performance.now();
  terminal.line('Entra ID', `${identity.authority} issues tokens of ${TOKEN_LIFETIME_MS / 1000} s`);
  terminal.line(
    'Redis',
    `redis-server behind ${redis.url}, which closes connections when their token expires`,
  );
  watchLoad();
  await Promise.all([becomeReady('node-redis'), becomeReady('ioredis')]);

  await sleep(Math.max(0, startMs + durationMs / 2 - performance.now()));
  await nextRotation();
  await outage();
  await nextRotation();
  await cutEveryConnection();
  do await nextRotation();
  while (performance.now() < startMs + durationMs);

  const exitMs = await clients.stop(EXIT_LIMIT_MS);
  terminal.line(
    'exit',
    `the client process ended by itself ${exitMs.toFixed(0)} ms after it was told to close`,
  );
  const summary = summarise(
    seen,
    {
      identityRequests: identity.requests,
      auths: redis.gate.auths().filter(({ accepted, kind }) => accepted && kind === 'AUTH').length,
      connections: redis.gate.connections.total,
      closedByExpiry: redis.gate.closedByExpiry,
    },
    CLIENTS,
  );
  if (seen.errorsByKill.length > 0) {
    terminal.plain(
      `${seen.errorsByKill.length} commands were in flight when the demo cut their connections.`,
    );
  }
  const wrong = complaints(seen, summary, { clients: CLIENTS, rotations: durationMs >= 60_000 ? 5 : 2 });
  for (const complaint of wrong) terminal.plain(`not as it should be: ${complaint}`);
  if (wrong.length === 0) terminal.plain('All went as it should.');
  terminal.plain(JSON.stringify(summary));
  return wrong.length === 0 ? 0 : 1;

  async function outage(): Promise<void> {
    await sleep(OUTAGE_AT_AGE_MS);
    seen.outage = true;
    await identity.goDown();
    terminal.line('Entra ID', 'goes down: connections are refused', 'red');
    await clients.next(({ kind }) => kind === 'round-failed');
    await sleep(OUTAGE_AFTER_ROUND_MS);
    await identity.comeBack();
    terminal.line('Entra ID', 'is back', 'green');
    await clients.next(({ kind }) => kind === 'token');
    seen.outage = false;
  }

  async function cutEveryConnection(): Promise<void> {
    const back = Promise.all([becomeReady('node-redis'), becomeReady('ioredis')]);
    seen.killing = true;
    terminal.line('Redis', `cuts all ${redis.gate.killAll()} connections`, 'red');
    await back;
    seen.killing = false;
  }

  /** One line a second: the load, and how much of the token's life is left. */
  function watchLoad(): void {
    let last: LoadReport = seen.load;
    let token = { version: 0, lifeMs: 0, sinceMs: 0 };
    clients.onReport((report) => {
      seen.record(report);
      terminal.report(report);
      if (report.kind === 'token') token = { ...report, sinceMs: performance.now() };
      if (report.kind !== 'load') return;
      const perSecond = report.load.succeeded - last.succeeded;
      const leftMs = Math.max(0, token.lifeMs - (performance.now() - token.sinceMs));
      last = report.load;
      terminal.live(
        'load',
        `${perSecond.toLocaleString('en')} commands/s, ${report.load.failed} failed, ` +
          `${redis.gate.connections.open} connections, token ${token.version} ${bar(leftMs / token.lifeMs)} ${(leftMs / 1000).toFixed(1)} s`,
      );
    });
  }
}

function becomeReady(client: string): Promise<Report> {
  return clients.next((report) => report.kind === 'ready' && report.client === client);
}

/** Resolves when every connection has taken the next token. */
async function nextRotation(): Promise<void> {
  const token = await clients.next(({ kind }) => kind === 'token');
  const version = token.kind === 'token' ? token.version : 0;
  while ((seen.reauthentications.get(version)?.length ?? 0) < CLIENTS) {
    await clients.next(({ kind }) => kind === 'reauthenticated');
  }
}

function bar(share: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * 20);
  return '█'.repeat(filled) + '░'.repeat(20 - filled);
}
