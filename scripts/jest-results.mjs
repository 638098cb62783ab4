// The JSON results that each member's test script writes: removed before a run, summed after it.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Takes away every result of an earlier run. Jest does not create the folder that it writes to. */
export function clearResults(members) {
  for (const { path } of members) {
    rmSync(join(path, '.jest'), { recursive: true, force: true });
    mkdirSync(join(path, '.jest'));
  }
}

/** One row per member that has tests: `{ folder, passed, failed, skipped, problems }`. */
export function readResults(members) {
  return members
    .filter(({ path, manifest }) => manifest.scripts?.test !== undefined || existsSync(join(path, 'test')))
    .map(({ folder, path }) => ({ folder, ...count(join(path, '.jest', 'results.json')) }));
}

function count(file) {
  if (!existsSync(file)) return { passed: 0, failed: 1, skipped: 0, problems: ['left no results'] };
  const results = JSON.parse(readFileSync(file, 'utf8'));
  // A suite that cannot be loaded, is empty, or fails after its tests has no failed test to count.
  const broken = results.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((assertion) => assertion.status === 'failed'),
  );
  return {
    passed: results.numPassedTests,
    failed: results.numFailedTests + broken.length,
    skipped: results.numPendingTests + results.numTodoTests,
    problems: broken.map(({ name }) => `suite failed to run: ${name}`),
  };
}
