import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createCredentialsProvider, type DiagnosticsEvents, rawToken } from '../src/index.js';
import { FakeClock, ScriptedIdentityProvider, unsignedJwt } from '../src/testing/index.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const ROTATION = 42 * MINUTE;

const CHANNELS = [
  'entraid:token:refreshed',
  'entraid:token:unchanged',
  'entraid:token:refresh-failed',
  'entraid:token:state',
  'entraid:connection:reauthenticated',
  'entraid:connection:reauthentication-failed',
  'entraid:connection:at-risk',
  'entraid:listener:error',
] as const satisfies readonly (keyof DiagnosticsEvents)[];

/** Fails to compile when a channel is missing from the list above. */
type Missing = Exclude<keyof DiagnosticsEvents, (typeof CHANNELS)[number]>;
const complete: [Missing] extends [never] ? true : Missing = true;

function setup() {
  const clock = new FakeClock();
  const issued: string[] = [];
  const fresh = ({ number }: { number: number }) => {
    const iat = clock.now() / 1000;
    const token = unsignedJwt({ oid: 'user', iat, exp: iat + 3600, uti: number });
    issued.push(token);
    return rawToken(token);
  };
  const source = new ScriptedIdentityProvider(fresh);
  const credentials = createCredentialsProvider(source, {
    clock,
    refreshJitterRatio: 0,
    reauthentication: { windowMs: 0 },
  });
  return { clock, source, credentials, issued, fresh };
}

describe('diagnostics channels', () => {
  const seen: [name: string, event: unknown][] = [];
  const handlers = CHANNELS.map((name) => [name, (event: unknown) => void seen.push([name, event])] as const);
  beforeEach(() => {
    seen.length = 0;
    for (const [name, handler] of handlers) subscribe(name, handler);
  });
  afterEach(() => {
    for (const [name, handler] of handlers) unsubscribe(name, handler);
  });
  const eventsOf = (name: keyof DiagnosticsEvents): unknown[] =>
    seen.filter(([each]) => each === name).map(([, event]) => event);

  it('cover every event there is', () => {
    expect(complete).toBe(true);
    expect(CHANNELS).toHaveLength(8);
  });

  it('tell of each token with user, version, expiry, life and duration', async () => {
    const { clock, credentials } = setup();
    const startMs = clock.now();
    await credentials.subscribe({ onNext: () => {} });
    expect(eventsOf('entraid:token:refreshed')).toEqual([
      { username: 'user', version: 1, expiresAtMs: startMs + HOUR, ttlMs: HOUR, durationMs: 0 },
    ]);
  });

  it('tell of the same token again, with the time of the next request', async () => {
    const { clock, credentials, source, issued } = setup();
    await credentials.subscribe({ onNext: () => {} });
    source.script = () => rawToken(issued[0]);
    await clock.advance(ROTATION);
    expect(eventsOf('entraid:token:unchanged')).toEqual([
      { username: 'user', version: 1, nextRefreshInMs: 13 * MINUTE + SECOND },
    ]);
    expect(eventsOf('entraid:token:refreshed')).toHaveLength(1);
  });

  it('tell of 3 failed requests of a round with attempt and next time, and of one change to degraded and back', async () => {
    const { clock, credentials, source, fresh } = setup();
    await credentials.subscribe({ onNext: () => {} });
    source.script = () => Promise.reject(Object.assign(new Error('down'), { code: 'ECONNREFUSED' }));
    await clock.advance(ROTATION + 5 * SECOND);
    expect(eventsOf('entraid:token:refresh-failed')).toEqual([
      { error: expect.objectContaining({ code: 'IDENTITY_UNAVAILABLE' }), attempt: 1, nextAttemptInMs: 1000 },
      { error: expect.anything(), attempt: 2, nextAttemptInMs: expect.any(Number) },
      { error: expect.anything(), attempt: 3 },
    ]);
    source.script = fresh;
    await clock.advance(MINUTE);
    expect(eventsOf('entraid:token:state')).toEqual([
      { from: 'idle', to: 'acquiring' },
      { from: 'acquiring', to: 'valid' },
      { from: 'valid', to: 'degraded' },
      { from: 'degraded', to: 'valid' },
    ]);
  });

  it('tell of each connection by its id: that it took a token, that it refused, that it is at risk', async () => {
    const { clock, credentials } = setup();
    const token = await credentials.tokenManager.getToken();
    const connect = (id: string, authenticate: () => Promise<'applied'>) =>
      credentials.reauthenticator.register({ id, authenticate }, token);
    connect('cache:10000/good', () => Promise.resolve('applied'));
    await clock.advance(ROTATION);
    expect(eventsOf('entraid:connection:reauthenticated')).toEqual([
      { connectionId: 'cache:10000/good', version: 2, attempt: 1, durationMs: 0 },
    ]);
    connect('cache:10000/bad', () => Promise.reject(new Error('WRONGPASS')));
    await clock.advance(18 * MINUTE - 30 * SECOND);
    expect(eventsOf('entraid:connection:reauthentication-failed')[0]).toEqual({
      connectionId: 'cache:10000/bad',
      version: 2,
      attempt: 1,
      error: expect.objectContaining({ code: 'REAUTHENTICATION_FAILED', connectionId: 'cache:10000/bad' }),
      nextAttemptInMs: expect.any(Number),
    });
    expect(eventsOf('entraid:connection:at-risk')).toEqual([
      {
        connectionId: 'cache:10000/bad',
        version: 1,
        expiresInMs: 30 * SECOND,
        error: expect.objectContaining({ code: 'CONNECTION_AT_RISK' }),
      },
    ]);
  });

  it("tell of a listener's own error", async () => {
    const { clock, credentials } = setup();
    const error = new Error('mine');
    await credentials.subscribe({
      onNext: () => {
        throw error;
      },
    });
    await clock.advance(ROTATION);
    expect(eventsOf('entraid:listener:error')).toEqual([{ error }]);
  });

  it('show no token in any event, its errors and their causes', async () => {
    const { clock, credentials, source, issued } = setup();
    const token = await credentials.tokenManager.getToken();
    credentials.reauthenticator.register(
      { id: 'a', authenticate: (next) => Promise.reject(new Error(`cannot use ${next.password}`)) },
      token,
    );
    await clock.advance(ROTATION + MINUTE);
    source.script = () => Promise.reject(new Error(`rejected ${token.password}`));
    await clock.advance(HOUR);
    expect(new Set(seen.map(([name]) => name)).size).toBeGreaterThanOrEqual(5);
    // A cause is kept as it was thrown: what other people put there is theirs, so only our own layers are walked.
    const ours = seen.map(
      ([, event]) => JSON.stringify(event) + inspect(withoutCauses(event), { depth: null }),
    );
    for (const text of ours) for (const secret of issued) expect(text).not.toContain(secret);
  });
});

function withoutCauses(event: unknown): unknown {
  const { error, ...rest } = event as { error?: Error };
  return error === undefined
    ? rest
    : { ...rest, code: (error as { code?: string }).code, message: error.message };
}
