// Runs every check of the repository, each one whatever the others say, quiet while green. The last line is
// "N passed, N failed" over all test suites. Start it with "npm test", which puts the tools on PATH.
import { spawn } from 'node:child_process';
import { clearResults, readResults } from './jest-results.mjs';
import { members, root } from './workspace.mjs';

// Far above what any step takes: a test that hangs must end with its output, not with the CI's own limit.
const stepLimitMs = 20 * 60_000;
// Two suites at a time: each starts servers of its own, and Jest adds its workers.
const turbo = (task) => ['turbo', 'run', task, '--concurrency=2', '--output-logs=errors-only'];
const steps = [
  { name: 'redis-server', command: ['node', 'scripts/ensure-redis.mjs'], always: true },
  { name: 'format and lint', command: ['biome', 'ci', '--colors=off', '.'] },
  { name: 'dependencies', command: ['node', 'scripts/check-dependencies.mjs'] },
  { name: 'build', command: [...turbo('build'), '--continue=dependencies-successful'] },
  { name: 'types', command: [...turbo('typecheck'), '--continue=dependencies-successful'] },
  { name: 'tests', command: [...turbo('test'), '--continue=always', '--only'] },
  { name: 'README snippets and links', command: ['node', 'scripts/check-readme-snippets.mjs'] },
  { name: 'packages', command: ['node', 'scripts/check-packages.mjs'] },
];

const all = members('packages', 'apps');
clearResults(all);
const failedSteps = [];
for (const step of steps) {
  console.log(`== ${step.name}`);
  const { ok, output } = await run(step.command);
  if ((!ok || step.always) && output !== '') console.log(output);
  if (!ok) failedSteps.push(step.name);
}

const rows = readResults(all);
console.log('== results');
for (const { folder, passed, failed, skipped, problems } of rows) {
  console.log(`${folder}: ${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  for (const problem of problems) console.log(`  ${problem}`);
}
const total = (key) => rows.reduce((sum, row) => sum + row[key], 0);
const [passed, failed] = [total('passed'), total('failed')];
if (passed + failed === 0) failedSteps.push('tests (none ran)');
if (failed > 0 && !failedSteps.includes('tests')) failedSteps.push('tests');
if (failedSteps.length > 0) {
  console.log(`failed: ${failedSteps.join(', ')}`);
  process.exitCode = 1;
}
console.log(`${passed} passed, ${failed} failed`);

/** Resolves when the command has ended; `output` is its stdout and stderr as they came. */
function run([command, ...args]) {
  return new Promise((resolve) => {
    const chunks = [];
    const child = spawn(command, args, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: process.platform === 'win32',
    });
    let overdue = false;
    const limit = setTimeout(() => {
      overdue = true;
      child.kill();
    }, stepLimitMs);
    const end = (ok, ...rest) => {
      clearTimeout(limit);
      resolve({ ok, output: [...chunks, ...rest].join('').trimEnd() });
    };
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk) => chunks.push(chunk));
    }
    child.once('error', (error) => end(false, `cannot start ${command}: ${error.message}`));
    child.once('close', (code, signal) => {
      if (overdue) end(false, `\nended after ${stepLimitMs / 60_000} min`);
      else end(code === 0, signal === null ? '' : `\nended by ${signal}`);
    });
  });
}
