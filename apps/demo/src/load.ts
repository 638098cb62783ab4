import type { LoadReport } from './reports.js';

/** The two commands of the load, whatever the client. */
export interface LoadTarget {
  set(key: string, value: string): Promise<unknown>;
  get(key: string): Promise<string | null>;
}

/** Commands that one client keeps in flight. */
const WORKERS = 8;

/** SET and GET in turn, checking each reply, until stopped. No command is issued without being counted as one or the other. */
export class Load {
  readonly #target: LoadTarget;
  readonly #prefix: string;
  readonly #onError: (error: unknown) => void;
  readonly #workers: Promise<void>[];
  #issued = 0;
  #succeeded = 0;
  #failed = 0;
  #stopping = false;

  constructor(target: LoadTarget, prefix: string, onError: (error: unknown) => void) {
    this.#target = target;
    this.#prefix = prefix;
    this.#onError = onError;
    this.#workers = Array.from({ length: WORKERS }, (_, worker) => this.#work(worker));
  }

  report(): LoadReport {
    return { issued: this.#issued, succeeded: this.#succeeded, failed: this.#failed };
  }

  /** Resolves when the last command has been answered. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#workers);
  }

  async #work(worker: number): Promise<void> {
    const key = `${this.#prefix}:${worker}`;
    for (let turn = 0; !this.#stopping; turn++) {
      const value = String(turn);
      const written = await this.#count(async () => (await this.#target.set(key, value)) === 'OK');
      // After a SET that failed nobody knows what the key holds.
      await this.#count(async () => (await this.#target.get(key)) === value || !written);
    }
  }

  async #count(command: () => Promise<boolean>): Promise<boolean> {
    this.#issued++;
    try {
      if (!(await command())) throw new Error('a reply belongs to another command');
      this.#succeeded++;
      return true;
    } catch (error) {
      this.#failed++;
      this.#onError(error);
      return false;
    }
  }
}
