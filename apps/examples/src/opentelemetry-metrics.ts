import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { type CredentialsProvider, type DiagnosticsEvents, isEntraIdError } from '@entraid/core';
import type { BatchObservableCallback, Meter } from '@opentelemetry/api';

const COUNTED: readonly (keyof DiagnosticsEvents)[] = [
  'entraid:token:refreshed',
  'entraid:token:refresh-failed',
  'entraid:connection:reauthenticated',
  'entraid:connection:reauthentication-failed',
  'entraid:connection:at-risk',
  'entraid:listener:error',
];

/** Counts the events of the whole process: call it once. Returns a function that ends it. */
export function countEvents(meter: Meter): () => void {
  const events = meter.createCounter('entraid.events', { unit: '{event}' });
  const count = (message: unknown, channel: string | symbol): void => {
    const { error } = message as { readonly error?: unknown };
    const type = isEntraIdError(error) ? { 'error.type': error.code } : {};
    events.add(1, { event: String(channel), ...type });
  };
  for (const channel of COUNTED) subscribe(channel, count);
  return () => {
    for (const channel of COUNTED) unsubscribe(channel, count);
  };
}

/** Measures one credentials provider. Returns a function that ends it. */
export function measureCredentials(credentials: CredentialsProvider, meter: Meter): () => void {
  const { tokenManager, reauthenticator } = credentials;
  const tokenState = meter.createObservableGauge('entraid.token.state', { unit: '1' });
  const expiresIn = meter.createObservableGauge('entraid.token.expires_in', { unit: 's' });
  const live = meter.createObservableGauge('entraid.connections', { unit: '{connection}' });
  const measure: BatchObservableCallback = (result) => {
    const { state, username = '', expiresAtMs } = tokenManager.status();
    const { connections, behind } = reauthenticator.status();
    result.observe(tokenState, 1, { username, state });
    if (expiresAtMs !== undefined) {
      result.observe(expiresIn, (expiresAtMs - tokenManager.clock.now()) / 1000, { username });
    }
    result.observe(live, connections - behind, { username, due: false });
    result.observe(live, behind, { username, due: true });
  };
  meter.addBatchObservableCallback(measure, [tokenState, expiresIn, live]);
  return () => meter.removeBatchObservableCallback(measure, [tokenState, expiresIn, live]);
}
