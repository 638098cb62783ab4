/**
 * What went wrong, as a word that tells what to do:
 *
 * - `INVALID_OPTION`: fix the option that the message names.
 * - `REDIS_SERVER_NOT_FOUND`: no `redis-server` on PATH; the message says how to install one.
 * - `REDIS_SERVER_FAILED`: `redis-server` ended or refused before it was ready; the message has its last words.
 * - `PORT_UNAVAILABLE`: the loopback port asked for is taken.
 * - `CLOSED`: used after `close()`, or still waited for when `close()` came.
 */
export type EmulatorErrorCode =
  | 'INVALID_OPTION'
  | 'REDIS_SERVER_NOT_FOUND'
  | 'REDIS_SERVER_FAILED'
  | 'PORT_UNAVAILABLE'
  | 'CLOSED';

/** The one error class of this package; match it with `error.code`. Messages never carry a token or a secret. */
export class EmulatorError extends Error {
  override readonly name: string = 'EmulatorError';
  readonly code: EmulatorErrorCode;

  constructor(code: EmulatorErrorCode, message: string, options?: { readonly cause: unknown }) {
    super(message, options);
    this.code = code;
  }
}
