import { execFileSync } from 'node:child_process';
import { median } from './subscribers.js';

const RUNS = 15;

/** How long `import(specifier)` takes in a process of its own, in ms; the median of 15 after one to warm the disk. */
export function measureLoading(specifier: string): number {
  const program = `const t = performance.now(); await import(${JSON.stringify(specifier)}); process.stdout.write(String(performance.now() - t));`;
  const run = (): number =>
    Number(
      execFileSync(process.execPath, ['--input-type=module', '--eval', program], {
        encoding: 'utf8',
        cwd: import.meta.dirname,
      }),
    );
  run();
  return median(Array.from({ length: RUNS }, run));
}
