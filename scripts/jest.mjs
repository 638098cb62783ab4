// Runs the tests of the member in the current folder and leaves their results for run-tests.mjs; arguments go to Jest.
// Start it with "node --experimental-vm-modules": Jest runs ES modules only then.
import { mkdirSync } from 'node:fs';
import { run } from 'jest';

// Jest does not create the folder that it writes to.
mkdirSync('.jest', { recursive: true });
await run(['--json', '--outputFile=.jest/results.json', ...process.argv.slice(2)]);

// A server or socket that a test left open would keep this process, and the whole run, for ever. This timer does not
// hold the process itself, so it goes off only then.
setTimeout(() => {
  console.error(`still open 10 s after the tests: ${process.getActiveResourcesInfo().join(', ')}`);
  process.exit(1);
}, 10_000).unref();
