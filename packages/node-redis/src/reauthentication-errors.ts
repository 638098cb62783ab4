import { type CredentialsProvider, EntraIdError } from '@entraid/core';
import { publishListenerError } from './listener-error.js';

/** Called once per incident. */
export type ReAuthenticationErrorCallback = (error: EntraIdError) => unknown;

/**
 * Tells the application what goes wrong in the background, once per incident: a token that cannot be renewed (not once
 * per connection and round), a connection that refuses the new token (not once per try), a connection about to be lost.
 */
export class ReauthenticationErrors {
  readonly #callback: ReAuthenticationErrorCallback;
  /** The code of the last failure to renew the token; `undefined` while that works. */
  #renewalFailure: string | undefined;
  #newestVersion = 0;
  /** The last token that ran out, or is about to, because there was no newer one. */
  #outlivedVersion = 0;
  #detach: (() => void) | undefined;

  constructor(callback: ReAuthenticationErrorCallback) {
    this.#callback = callback;
  }

  /**
   * Listens to `source` for the connections that `isOwn` knows by their id, until {@link detach}. Only for as long as there
   * are any: a listener makes the token manager renew its token.
   */
  attach(
    { tokenManager, reauthenticator }: CredentialsProvider,
    isOwn: (connectionId: string) => boolean,
  ): void {
    if (this.#detach !== undefined) return;
    const leaveManager = tokenManager.subscribe({
      onNext: ({ version }) => {
        // Whoever attaches is given the token that is in force, which says nothing about its renewal.
        if (version > this.#newestVersion) this.#renewalFailure = undefined;
        this.#newestVersion = Math.max(version, this.#newestVersion);
      },
      onError: (error) => {
        if (error.code === this.#renewalFailure) return;
        this.#renewalFailure = error.code;
        this.report(error);
      },
      onStateChange: ({ to }) => {
        if (to === 'valid') this.#renewalFailure = undefined;
      },
    });
    const leaveReauthenticator = reauthenticator.observe({
      onReauthenticationFailed: ({ connectionId, attempt, error }) => {
        if (attempt === 1 && isOwn(connectionId)) this.report(error);
      },
      onConnectionAtRisk: ({ connectionId, version, error }) => {
        if (!isOwn(connectionId)) return;
        const newer = tokenManager.currentToken();
        // Without a newer token it is one incident for all connections; with one, each has its own.
        if (newer === undefined || newer.version <= version) {
          if (version <= this.#outlivedVersion) return;
          this.#outlivedVersion = version;
        }
        this.report(error);
      },
    });
    this.#detach = () => {
      leaveManager();
      leaveReauthenticator();
    };
  }

  /** Idempotent. */
  detach(): void {
    this.#detach?.();
    this.#detach = undefined;
  }

  /** The client's own report, for what no observer tells of. */
  reportRefusal(cause: Error): void {
    const message = `a connection did not take the new token: ${cause.message}`;
    this.report(new EntraIdError('REAUTHENTICATION_FAILED', message, { cause }));
  }

  /** A throwing callback hurts nobody: the client calls this where an exception would be an unhandled rejection. */
  report(error: EntraIdError): void {
    try {
      Promise.resolve(this.#callback(error)).catch(publishListenerError);
    } catch (thrown) {
      publishListenerError(thrown);
    }
  }
}
