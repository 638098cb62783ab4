import type { EntraIdError } from './errors.js';
import type { TokenManagerState } from './token-manager-status.js';

/**
 * What is published on `node:diagnostics_channel`, by channel name. Subscribe to the names; nothing here is ever
 * printed, and no payload holds a secret. Publishing to a channel without subscribers costs a property read.
 */
export interface DiagnosticsEvents {
  /** A new token is in force. */
  'entraid:token:refreshed': {
    readonly username: string;
    readonly version: number;
    readonly expiresAtMs: number;
    readonly ttlMs: number;
    readonly durationMs: number;
  };
  /** The source gave the token that is in force already, or an older one. Nobody was notified. */
  'entraid:token:unchanged': {
    readonly username: string;
    readonly version: number;
    readonly nextRefreshInMs: number;
  };
  /** A request failed. `nextAttemptInMs` is absent when it was the last one of its round. */
  'entraid:token:refresh-failed': {
    readonly error: EntraIdError;
    readonly attempt: number;
    readonly nextAttemptInMs?: number;
  };
  /** The manager went from one state to another. */
  'entraid:token:state': { readonly from: TokenManagerState; readonly to: TokenManagerState };
  /** A live connection took a newer token. */
  'entraid:connection:reauthenticated': {
    readonly connectionId: string;
    readonly version: number;
    readonly attempt: number;
    readonly durationMs: number;
  };
  /** A live connection did not take it; it keeps the token it has. */
  'entraid:connection:reauthentication-failed': {
    readonly connectionId: string;
    readonly version: number;
    readonly attempt: number;
    readonly error: EntraIdError;
    readonly nextAttemptInMs: number;
  };
  /** A live connection nears its token's expiry without a newer one. Once per connection and token. */
  'entraid:connection:at-risk': {
    readonly connectionId: string;
    readonly version: number;
    readonly expiresInMs: number;
    readonly error: EntraIdError;
  };
  /** A listener, observer or callback of the application threw or rejected. */
  'entraid:listener:error': { readonly error: unknown };
}

interface Channel {
  readonly hasSubscribers: boolean;
  publish(message: unknown): void;
}

interface ProcessWithBuiltins {
  getBuiltinModule?(id: string): { channel(name: string): Channel } | undefined;
}

/** Publishes `event` where anybody listens. A subscriber that throws is Node's to report, never ours to suffer. */
export function publishDiagnostics<Name extends keyof DiagnosticsEvents>(
  name: Name,
  event: () => DiagnosticsEvents[Name],
): void {
  // Looked up without an import, so that this package also loads where there is no Node (process.getBuiltinModule: 20.16).
  const host = (globalThis as { process?: ProcessWithBuiltins }).process;
  const channel = host?.getBuiltinModule?.('node:diagnostics_channel')?.channel(name);
  if (channel?.hasSubscribers === true) channel.publish(event());
}

export function publishListenerError(error: unknown): void {
  publishDiagnostics('entraid:listener:error', () => ({ error }));
}
