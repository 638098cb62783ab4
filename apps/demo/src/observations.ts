import type { LoadReport, Report } from './reports.js';

/** What the demo saw, as numbers. */
export class Observations {
  /** Connections, by their ids, that took a token by AUTH; by the token's version. */
  readonly reauthentications: Map<number, string[]> = new Map();
  /** Messages of commands that failed while the demo had cut their connections. */
  readonly errorsByKill: string[] = [];
  /** Messages of commands that failed otherwise. */
  readonly errors: string[] = [];
  /** Failures of anything but a command, each as a sentence. */
  readonly incidents: string[] = [];
  tokens = 0;
  failedAttempts = 0;
  failedRounds = 0;
  reconnects = 0;
  load: LoadReport = { issued: 0, succeeded: 0, failed: 0 };
  /** While the demo's own cut is felt. */
  killing = false;
  /** While the identity side is down. */
  outage = false;

  get rotations(): number {
    return Math.max(0, this.tokens - 1);
  }

  get totalReauthentications(): number {
    return [...this.reauthentications.values()].reduce((sum, { length }) => sum + length, 0);
  }

  record(report: Report): void {
    switch (report.kind) {
      case 'token':
        this.tokens++;
        break;
      case 'attempt-failed':
        this.failedAttempts++;
        if (!this.outage) this.incidents.push(`a token request failed outside the outage: ${report.code}`);
        break;
      case 'round-failed':
        this.failedRounds++;
        break;
      case 'reauthenticated':
        this.reauthentications.set(report.version, [
          ...(this.reauthentications.get(report.version) ?? []),
          report.connectionId,
        ]);
        break;
      case 'reauthentication-failed':
      case 'at-risk':
        this.incidents.push(report.message);
        break;
      case 'client-error':
        if (!this.killing) this.incidents.push(`${report.client}: ${report.message}`);
        break;
      case 'command-error':
        (this.killing ? this.errorsByKill : this.errors).push(`${report.client}: ${report.message}`);
        break;
      case 'load':
        this.load = report.load;
        break;
      case 'ready':
      case 'state':
        break;
      default:
        report satisfies never;
    }
  }
}
