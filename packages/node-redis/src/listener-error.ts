import { channel } from 'node:diagnostics_channel';

/** Publishes what a callback of the application threw where `@entraid/core` publishes the like. Never throws. */
export function publishListenerError(error: unknown): void {
  channel('entraid:listener:error').publish({ error });
}
