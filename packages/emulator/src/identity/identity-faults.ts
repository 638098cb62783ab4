import { setTimeout as sleep } from 'node:timers/promises';
import { EmulatorError } from '../emulator-error.js';
import { checkInteger, checkKnownOptions, checkText } from '../option-checks.js';
import type { EntraRefusal } from './entra-error.js';

/** Longest delay that can be asked for: an hour, beyond every client's own timeout. */
const MAX_DELAY_MS = 3_600_000;

/** How the token endpoint fails on demand. */
export interface TokenFailure {
  /** HTTP status, 400 to 599. Default 503. */
  readonly status?: number;
  /** The `Retry-After` header, in whole seconds, 0 to 86400. Default: no such header. */
  readonly retryAfterSeconds?: number;
  /** The OAuth 2.0 error code. Default: `temporarily_unavailable`. */
  readonly error?: string;
  /** The number behind `AADSTS`. Default: 90033, a transient fault of the service. */
  readonly errorCode?: number;
}

/** Faults of the token endpoint: failures that are used up one by one, a delay, and silence. Discovery is never touched. */
export class IdentityFaults {
  readonly #failures: EntraRefusal[] = [];
  #delayMs = 0;
  #silence: { readonly over: Promise<void>; readonly end: () => void } | undefined;

  get delayMs(): number {
    return this.#delayMs;
  }

  set delayMs(value: number) {
    this.#delayMs = checkInteger('delayMs', value, 0, MAX_DELAY_MS);
  }

  /** Makes the next `count` token requests fail, after any that were asked for before. */
  failNext(count: number, failure: TokenFailure = {}): void {
    checkInteger('failNext count', count, 0, 1_000_000);
    const refusal = parseFailure(failure);
    for (let i = 0; i < count; i += 1) this.#failures.push(refusal);
  }

  /** The failure that the next request must get, if one is left. */
  takeFailure(): EntraRefusal | undefined {
    return this.#failures.shift();
  }

  hang(): void {
    if (this.#silence !== undefined) return;
    let end: () => void = () => undefined;
    const over = new Promise<void>((resolve) => {
      end = resolve;
    });
    this.#silence = { over, end };
  }

  stopHanging(): void {
    this.#silence?.end();
    this.#silence = undefined;
  }

  /** Resolves when a request that came now may be answered. Rejects with an `AbortError` when `signal` aborts first. */
  async hold(signal: AbortSignal): Promise<void> {
    if (this.#delayMs > 0) await sleep(this.#delayMs, undefined, { signal, ref: false });
    if (this.#silence === undefined) return;
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    await Promise.race([this.#silence.over, aborted]);
  }
}

function parseFailure(failure: TokenFailure): EntraRefusal {
  checkKnownOptions('failNext', failure, ['status', 'retryAfterSeconds', 'error', 'errorCode']);
  const { status = 503, error = 'temporarily_unavailable', errorCode = 90033, retryAfterSeconds } = failure;
  const name = checkText('failNext error', error);
  if (!/^[\x20-\x7e]+$/.test(name)) {
    throw new EmulatorError('INVALID_OPTION', 'failNext error must be printable ASCII');
  }
  return {
    status: checkInteger('failNext status', status, 400, 599),
    error: name,
    errorCode: checkInteger('failNext errorCode', errorCode, 1, 99_999_999),
    message: 'This failure was asked for with failNext().',
    ...(retryAfterSeconds === undefined
      ? {}
      : { retryAfterSeconds: checkInteger('failNext retryAfterSeconds', retryAfterSeconds, 0, 86_400) }),
  };
}
