// Runs "pnpm <args>" on an installed workspace, with the pnpm version that package.json pins: the pnpm that
// started this script, or npx, which needs only npm. Usage: node scripts/with-pnpm.mjs exec turbo run build
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const root = new URL('../', import.meta.url);
const { packageManager, engines } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));
const args = process.argv.slice(2);
const install = ['install', '--frozen-lockfile'];

requireNode(engines.node);
if (args[0] === 'install') {
  runPnpm(args, 'inherit');
} else {
  // pnpm's own install before a script rewrites an outdated lockfile, and goes on when it fails.
  runPnpm(install, process.stderr);
  runPnpm(args, 'inherit');
}

/** Runs pnpm and ends this process with its exit code when that is not 0. `stdout` is where its stdout goes. */
function runPnpm(pnpmArgs, stdout) {
  const [, major] = /^pnpm@(\d+)\./.exec(packageManager);
  // biome-ignore lint/suspicious/noUndeclaredEnvVars: this starts turbo; no task of turbo reads it.
  const inPnpm = (process.env.npm_config_user_agent ?? '').startsWith(`pnpm/${major}.`);
  const [command, argv] = inPnpm
    ? ['pnpm', pnpmArgs]
    : // npm 12 blocks install scripts; without its own, pnpm's binary cannot be started by turbo.
      ['npx', ['--yes', '--allow-scripts=pnpm', packageManager, ...pnpmArgs]];
  const { status, error } = spawnSync(command, argv, {
    env: { TURBO_TELEMETRY_DISABLED: '1', ...process.env },
    stdio: ['inherit', stdout, 'inherit'],
    cwd: root,
    shell: process.platform === 'win32',
  });
  if (error) console.error(`cannot start ${command}: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}

/** npm only warns about `engines`, and an older Node fails later with an error that does not say why. */
function requireNode(range) {
  const [wanted, current] = [range, process.version].map((text) => /(\d+)\.(\d+)/.exec(text).map(Number));
  if (current[1] > wanted[1] || (current[1] === wanted[1] && current[2] >= wanted[2])) return;
  console.error(`Node.js ${range} is needed, this is ${process.version}`);
  process.exit(1);
}
