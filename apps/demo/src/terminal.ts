import { styleText } from 'node:util';
import type { Report } from './reports.js';

const COLUMN = 12;

/** Lines with the time and a subject, and one line at the bottom that is rewritten while the terminal can do that. */
export class Terminal {
  readonly #out: NodeJS.WriteStream;
  readonly #startMs = performance.now();
  #live = '';

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  line(subject: string, text: string, style: Parameters<typeof styleText>[0] = 'reset'): void {
    this.#clearLive();
    this.#out.write(`${this.#time()}  ${this.#styled(style, subject.padEnd(COLUMN))} ${text}\n`);
    this.#drawLive();
  }

  /** Rewrites the bottom line; where output is not a terminal, says it as an ordinary line. */
  live(subject: string, text: string): void {
    const line = `${this.#time()}  ${subject.padEnd(COLUMN)} ${text}`;
    if (!this.#out.isTTY) {
      this.#out.write(`${line}\n`);
      return;
    }
    this.#clearLive();
    this.#live = line.slice(0, this.#out.columns - 1);
    this.#drawLive();
  }

  /** The last words, without time or style. */
  plain(text: string): void {
    this.#clearLive();
    this.#live = '';
    this.#out.write(`${text}\n`);
  }

  report(report: Report): void {
    switch (report.kind) {
      case 'token':
        this.line(
          `token ${report.version}`,
          `lives ${seconds(report.lifeMs)}, user ${report.username}`,
          'green',
        );
        break;
      case 'reauthenticated':
        this.line(
          'AUTH',
          `${report.connectionId} took token ${report.version} in ${report.durationMs.toFixed(1)} ms`,
          'cyan',
        );
        break;
      case 'attempt-failed':
        this.line(
          'request',
          `failed with ${report.code}; ${report.nextAttemptInMs === undefined ? 'the round is over' : `next in ${seconds(report.nextAttemptInMs)}`}`,
          'yellow',
        );
        break;
      case 'state':
        this.line('state', `${report.from} -> ${report.to}`, report.to === 'valid' ? 'green' : 'yellow');
        break;
      case 'ready':
        this.line(report.client, 'is connected and signed in', 'green');
        break;
      case 'client-error':
      case 'command-error':
        this.line(
          report.client,
          `${report.kind === 'client-error' ? 'error event' : 'command failed'}: ${report.message}`,
          'red',
        );
        break;
      case 'reauthentication-failed':
      case 'at-risk':
        this.line(report.kind, report.message, 'red');
        break;
      case 'load':
      case 'round-failed':
        break;
      default:
        report satisfies never;
    }
  }

  #time(): string {
    return `${((performance.now() - this.#startMs) / 1000).toFixed(1).padStart(6)} s`;
  }

  #styled(style: Parameters<typeof styleText>[0], text: string): string {
    return this.#out.isTTY ? styleText(style, text) : text;
  }

  #clearLive(): void {
    if (this.#live !== '') this.#out.write('\r\u001b[2K');
  }

  #drawLive(): void {
    if (this.#live !== '') this.#out.write(this.#live);
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
