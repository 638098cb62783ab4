import { type DiagnosticsEvents, publishDiagnostics } from './diagnostics.js';
import { ListenerSet } from './listener-set.js';
import type { ReauthenticationObserver } from './reauthentication.js';

/** Tells observers and diagnostics channels the same, in one place. */
export class ReauthenticationReports {
  readonly #observers = new ListenerSet<ReauthenticationObserver>();

  addObserver(observer: ReauthenticationObserver): () => void {
    return this.#observers.add(observer);
  }

  reauthenticated(event: DiagnosticsEvents['entraid:connection:reauthenticated']): void {
    publishDiagnostics('entraid:connection:reauthenticated', () => event);
    this.#observers.notify((observer) => observer.onReauthenticated?.(event));
  }

  failed(event: DiagnosticsEvents['entraid:connection:reauthentication-failed']): void {
    publishDiagnostics('entraid:connection:reauthentication-failed', () => event);
    this.#observers.notify((observer) => observer.onReauthenticationFailed?.(event));
  }

  atRisk(event: DiagnosticsEvents['entraid:connection:at-risk']): void {
    publishDiagnostics('entraid:connection:at-risk', () => event);
    this.#observers.notify((observer) => observer.onConnectionAtRisk?.(event));
  }
}
