// Runs "pnpm <args>" with the version that package.json pins: the pnpm that started this script, or npx,
// which needs only npm. Usage: node scripts/with-pnpm.mjs run test:all
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const root = new URL('../', import.meta.url);
const { packageManager } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));
const [, major] = /^pnpm@(\d+)\./.exec(packageManager);
const args = process.argv.slice(2);
const inPnpm = (process.env.npm_config_user_agent ?? '').startsWith(`pnpm/${major}.`);
const [command, argv] = inPnpm
  ? ['pnpm', args]
  : // npm 12 blocks install scripts; without its own, pnpm's binary cannot be started by turbo.
    ['npx', ['--yes', '--allow-scripts=pnpm', packageManager, ...args]];
const { status, error } = spawnSync(command, argv, {
  env: { TURBO_TELEMETRY_DISABLED: '1', ...process.env },
  stdio: 'inherit',
  cwd: root,
  shell: process.platform === 'win32',
});
if (error) console.error(`cannot start ${command}: ${error.message}`);
process.exit(status ?? 1);
