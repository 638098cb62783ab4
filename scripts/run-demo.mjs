// Builds the demo and runs it. Everything before the demo goes to stderr, so stdout is the demo's alone.
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from './workspace.mjs';

prepare('scripts/ensure-redis.mjs');
prepare(
  'scripts/with-pnpm.mjs',
  'exec',
  'turbo',
  'run',
  'build',
  '--filter=@entraid/demo',
  '--output-logs=errors-only',
);

const demo = spawn(process.execPath, [join(root, 'apps/demo/dist/main.js'), ...process.argv.slice(2)], {
  stdio: 'inherit',
});
// A terminal sends Ctrl-C to the demo as well; elsewhere a signal comes to this process only.
process.on('SIGINT', () => process.stdin.isTTY || demo.kill('SIGINT'));
process.on('SIGTERM', () => demo.kill('SIGTERM'));
demo.once('error', (error) => {
  console.error(`cannot start the demo: ${error.message}`);
  process.exitCode = 1;
});
demo.once('exit', (code, signal) => {
  process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 143);
});

function prepare(...args) {
  const { status } = spawnSync(process.execPath, args, {
    cwd: root,
    stdio: ['ignore', process.stderr, 'inherit'],
  });
  if (status !== 0) process.exit(status ?? 1);
}
