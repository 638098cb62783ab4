import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Order, Report } from './reports.js';

/** The application under demonstration, in a process of its own: it knows the emulator by its environment only. */
export class ClientProcess {
  readonly #child: ChildProcess;
  readonly #listeners = new Set<(report: Report) => void>();
  readonly #exit: Promise<unknown>;

  constructor(env: Readonly<Record<string, string>>) {
    this.#child = fork(fileURLToPath(new URL('./clients.js', import.meta.url)), {
      env: { ...process.env, ...env },
      // Its standard output is not the demo's.
      stdio: ['ignore', 2, 2, 'ipc'],
    });
    this.#exit = once(this.#child, 'exit');
    this.#child.on('message', (report: Report) => {
      for (const listener of [...this.#listeners]) listener(report);
    });
  }

  onReport(listener: (report: Report) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves with the first report from now on that fits. Rejects when the process ends before. */
  next(fits: (report: Report) => boolean): Promise<Report> {
    return new Promise((resolve, reject) => {
      const stop = this.onReport((report) => {
        if (!fits(report)) return;
        stop();
        resolve(report);
      });
      void this.#exit.then(() => reject(new Error('the client process ended early')));
    });
  }

  /** Asks it to close its clients. Resolves to how long the process then took to end by itself, or rejects after `limitMs`. */
  async stop(limitMs: number): Promise<number> {
    const startMs = performance.now();
    this.#child.send('stop' satisfies Order);
    const timer = setTimeout(() => this.kill(), limitMs);
    const [code, signal] = (await this.#exit) as [number | null, string | null];
    clearTimeout(timer);
    if (code !== 0) {
      throw new Error(`the client process did not end by itself: ${signal ?? `exit code ${String(code)}`}`);
    }
    return performance.now() - startMs;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}
