import { describe, expect, it } from '@jest/globals';
import {
  type EntraIdError,
  type ReauthenticationTarget,
  Reauthenticator,
  type ReauthenticatorOptions,
  rawToken,
  type Token,
  TokenManager,
} from '../src/index.js';
import { FakeClock, ScriptedIdentityProvider, unsignedJwt } from '../src/testing/index.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** 70 % of an hour: when the next token comes. */
const ROTATION = 42 * MINUTE;

type Reply = 'applied' | 'deferred' | 'refused' | 'never';

interface Auth {
  readonly id: string;
  readonly version: number;
  readonly atMs: number;
}

/** Connections whose replies the test scripts, and a log of every AUTH. */
function setup(options: ReauthenticatorOptions = {}) {
  const clock = new FakeClock();
  const source = new ScriptedIdentityProvider(({ number }) => {
    const iat = clock.now() / 1000;
    return rawToken(unsignedJwt({ oid: 'user', iat, exp: iat + 3600, uti: number }));
  });
  const manager = new TokenManager(source, { clock, refreshJitterRatio: 0 });
  const reauthenticator = new Reauthenticator(manager, { random: () => 0.5, ...options });
  const auths: Auth[] = [];
  const events: string[] = [];
  const errors: EntraIdError[] = [];
  let underWay = 0;
  const peaks = { underWay: 0 };
  reauthenticator.observe({
    onReauthenticated: ({ connectionId, version, attempt }) =>
      void events.push(`${connectionId} took ${version} at attempt ${attempt}`),
    onReauthenticationFailed: ({ connectionId, attempt, error }) => {
      events.push(`${connectionId} refused at attempt ${attempt}`);
      errors.push(error);
    },
    onConnectionAtRisk: ({ connectionId, version, error }) => {
      events.push(`${connectionId} at risk on ${version}`);
      errors.push(error);
    },
  });
  const connect = (
    id: string,
    token: Token,
    reply: (attempt: number) => Reply = () => 'applied',
    target: Partial<ReauthenticationTarget> = {},
  ) => {
    let attempt = 0;
    return reauthenticator.register(
      {
        id,
        async authenticate(next) {
          auths.push({ id, version: next.version, atMs: clock.monotonic() });
          peaks.underWay = Math.max(peaks.underWay, ++underWay);
          const answer = reply(++attempt);
          if (answer === 'never') return new Promise(() => {});
          await new Promise<void>((resolve) => clock.schedule(5, resolve));
          underWay--;
          if (answer === 'refused') throw new Error('WRONGPASS invalid username-password pair');
          return answer;
        },
        ...target,
      },
      token,
    );
  };
  return { clock, source, manager, reauthenticator, auths, events, errors, connect, peaks };
}

describe('Reauthenticator', () => {
  it('sends one AUTH per connection and rotation, with the new token', async () => {
    const { manager, clock, auths, events, connect, reauthenticator } = setup();
    const token = await manager.getToken();
    connect('a', token);
    connect('b', token);
    expect(reauthenticator.status()).toEqual({ connections: 2, behind: 0 });
    await clock.advance(ROTATION);
    expect(reauthenticator.status()).toEqual({ connections: 2, behind: 2 });
    await clock.advance(MINUTE);
    expect(auths.map(({ id, version }) => `${id}${version}`).sort()).toEqual(['a2', 'b2']);
    expect(events.sort()).toEqual(['a took 2 at attempt 1', 'b took 2 at attempt 1']);
    expect(reauthenticator.status()).toEqual({ connections: 2, behind: 0 });
  });

  it('keeps the token fresh while a connection is registered, and stops with the last one', async () => {
    const { manager, clock, source, connect } = setup();
    const registration = connect('a', await manager.getToken());
    await clock.advance(2 * HOUR);
    expect(source.requests.length).toBeGreaterThanOrEqual(3);
    const requests = source.requests.length;
    registration.dispose();
    registration.dispose();
    expect(clock.pendingTimers).toBe(0);
    await clock.advance(10 * HOUR);
    expect(source.requests).toHaveLength(requests);
  });

  it('sends AUTH at once for a connection that registers with an older token', async () => {
    const { manager, clock, auths, connect } = setup();
    const old = await manager.getToken();
    const forced = manager.getToken({ forceRefresh: true });
    await clock.advance(SECOND);
    await forced;
    connect('a', old);
    expect(auths).toEqual([{ id: 'a', version: 2, atMs: SECOND }]);
  });

  it('spreads 1,000 AUTHs over the window of 30 s, each tenth of it within 20 % of its share', async () => {
    const { manager, clock, auths, connect } = setup({ random: Math.random });
    const token = await manager.getToken();
    for (let i = 0; i < 1000; i++) connect(`c${i}`, token);
    await clock.advance(ROTATION + MINUTE);
    expect(auths).toHaveLength(1000);
    const tenths = Array.from({ length: 10 }, () => 0);
    for (const { atMs } of auths) {
      const tenth = Math.min(9, Math.floor((atMs - ROTATION) / (3 * SECOND)));
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    }
    for (const count of tenths) {
      expect(count).toBeGreaterThanOrEqual(80);
      expect(count).toBeLessThanOrEqual(120);
    }
  });

  it('has at most maxConcurrency AUTHs under way, and still reaches all', async () => {
    const { manager, clock, auths, connect, peaks } = setup({ windowMs: 0, maxConcurrency: 3 });
    const token = await manager.getToken();
    for (let i = 0; i < 20; i++) connect(`c${i}`, token);
    await clock.advance(ROTATION + SECOND);
    expect(auths).toHaveLength(20);
    expect(peaks.underWay).toBe(3);
  });

  it('proves a new token on one connection before another sends it', async () => {
    const { manager, clock, auths, connect } = setup({ windowMs: 0 });
    const token = await manager.getToken();
    for (const id of ['a', 'b', 'c']) connect(id, token);
    await clock.advance(ROTATION + 4);
    expect(auths).toHaveLength(1);
    await clock.advance(1);
    expect(auths).toHaveLength(3);
  });

  it('proves it on an idle connection rather than on a busy one that is due earlier', async () => {
    const { manager, clock, auths, connect } = setup({ windowMs: 0 });
    const token = await manager.getToken();
    connect('busy', token, () => 'applied', { isIdle: () => false });
    connect('idle', token, () => 'applied', { isIdle: () => true });
    await clock.advance(ROTATION + SECOND);
    expect(auths.map(({ id }) => id)).toEqual(['idle', 'busy']);
  });

  it('proves it on a busy connection after one window when none is ever idle', async () => {
    const { manager, clock, auths, connect } = setup({ random: () => 0 });
    connect('busy', await manager.getToken(), () => 'applied', { isIdle: () => false });
    await clock.advance(ROTATION + 30 * SECOND - 1);
    expect(auths).toHaveLength(0);
    await clock.advance(1);
    expect(auths).toHaveLength(1);
  });

  it('takes a fresh sign-in with the new token as its proof', async () => {
    const { manager, clock, auths, connect } = setup({ windowMs: 0 });
    const token = await manager.getToken();
    connect('refusing', token, () => 'never');
    connect('held', token);
    await clock.advance(ROTATION + SECOND);
    expect(auths.map(({ id }) => id)).toHaveLength(1);
    connect('fresh', manager.currentToken() as Token);
    await clock.advance(SECOND);
    expect(auths.map(({ id }) => id).sort()).toEqual(['held', 'refusing']);
  });

  it('tries a refusing connection again with back-off, names it in the error, and reports its recovery', async () => {
    const { manager, clock, events, errors, connect } = setup({ random: () => 0 });
    connect('cache:10000/0-a', await manager.getToken(), (attempt) => (attempt < 3 ? 'refused' : 'applied'));
    await clock.advance(ROTATION + MINUTE);
    expect(events).toEqual([
      'cache:10000/0-a refused at attempt 1',
      'cache:10000/0-a refused at attempt 2',
      'cache:10000/0-a took 2 at attempt 3',
    ]);
    expect(errors[0]).toMatchObject({
      code: 'REAUTHENTICATION_FAILED',
      connectionId: 'cache:10000/0-a',
      cause: { message: 'WRONGPASS invalid username-password pair' },
    });
    expect(errors[0]?.message).toContain('cache:10000/0-a');
  });

  it('never has two AUTHs in flight on one connection, and sends the newest token when the first settles', async () => {
    const { manager, clock, auths, connect } = setup({ windowMs: 0 });
    let settle = (_: 'applied'): void => {};
    connect('a', await manager.getToken(), () => 'applied', {
      authenticate: (token) => {
        auths.push({ id: 'a', version: token.version, atMs: clock.monotonic() });
        return new Promise((resolve) => {
          settle = resolve;
        });
      },
    });
    await clock.advance(ROTATION);
    expect(auths.map(({ version }) => version)).toEqual([2]);
    await clock.advance(2 * ROTATION);
    expect(auths.map(({ version }) => version)).toEqual([2]);
    settle('applied');
    await clock.advance(0);
    expect(auths.map(({ version }) => version)).toEqual([2, 4]);
  });

  it('gives the slot of an AUTH without an answer to others after 10 s', async () => {
    const { manager, clock, auths, connect } = setup({ windowMs: 0, maxConcurrency: 1 });
    const token = await manager.getToken();
    connect('a', token, () => 'never');
    connect('b', token, () => 'never');
    await clock.advance(ROTATION + 10 * SECOND - 1);
    expect(auths).toHaveLength(1);
    await clock.advance(1);
    expect(auths).toHaveLength(2);
  });

  it('asks a deferring connection again after 100 ms, 200 ms, 400 ms, and at once on retry()', async () => {
    const { manager, clock, auths, events, connect } = setup({ windowMs: 0 });
    let open = true;
    const registration = connect('a', await manager.getToken(), () => (open ? 'deferred' : 'applied'));
    await clock.advance(ROTATION + 5 + 105 + 205);
    expect(auths.map(({ atMs }) => atMs - ROTATION)).toEqual([0, 105, 310]);
    open = false;
    registration.retry();
    await clock.advance(5);
    expect(events).toEqual(['a took 2 at attempt 1']);
    registration.retry();
    await clock.advance(MINUTE);
    expect(auths).toHaveLength(4);
  });

  it('reports a connection at risk once, 30 s before its token expires, and asks it again then', async () => {
    const { manager, clock, events, errors, connect } = setup();
    connect('a', await manager.getToken(), () => 'deferred');
    await clock.advance(HOUR - 30 * SECOND - 1);
    expect(events).toEqual([]);
    await clock.advance(1);
    expect(events).toEqual(['a at risk on 1']);
    await clock.advance(30 * SECOND);
    expect(events).toEqual(['a at risk on 1']);
    expect(errors[0]).toMatchObject({ code: 'CONNECTION_AT_RISK', connectionId: 'a' });
  });

  it('reports it with the outage as its cause when there is no newer token', async () => {
    const { manager, clock, source, errors, connect } = setup();
    connect('a', await manager.getToken());
    source.script = () => Promise.reject(Object.assign(new Error('down'), { code: 'ECONNREFUSED' }));
    await clock.advance(HOUR - 30 * SECOND);
    expect(errors[0]).toMatchObject({ code: 'CONNECTION_AT_RISK', cause: { code: 'IDENTITY_UNAVAILABLE' } });
  });

  it('calls nothing and reports nothing for a connection after dispose(), also with an AUTH in flight', async () => {
    const { manager, clock, auths, events, connect } = setup({ windowMs: 0 });
    const registration = connect('a', await manager.getToken(), () => 'refused');
    await clock.advance(ROTATION + 1);
    registration.dispose();
    registration.retry();
    await clock.advance(2 * HOUR);
    expect(auths).toHaveLength(1);
    expect(events).toEqual([]);
  });

  it('lets go of every connection when the manager closes, and takes none afterwards', async () => {
    const { manager, clock, auths, connect, reauthenticator } = setup();
    const token = await manager.getToken();
    connect('a', token);
    manager.close();
    expect(reauthenticator.status()).toEqual({ connections: 0, behind: 0 });
    expect(clock.pendingTimers).toBe(0);
    const late = connect('b', token);
    late.retry();
    late.dispose();
    await clock.advance(2 * HOUR);
    expect(auths).toEqual([]);
  });

  it('survives a target that throws and an observer that throws', async () => {
    const { manager, clock, events, connect, reauthenticator } = setup({ windowMs: 0, random: () => 0 });
    reauthenticator.observe({
      onReauthenticationFailed: () => {
        throw new Error('observer');
      },
    });
    let first = true;
    connect('a', await manager.getToken(), () => 'applied', {
      authenticate: () => {
        if (!first) return Promise.resolve('applied');
        first = false;
        throw new Error('target');
      },
    });
    await clock.advance(ROTATION + SECOND);
    expect(events).toEqual(['a refused at attempt 1', 'a took 2 at attempt 2']);
  });

  it('refuses a target without an id or authenticate, and options out of range', () => {
    const { reauthenticator, manager } = setup();
    const authenticate = async () => 'applied' as const;
    for (const target of [{ authenticate }, { id: '', authenticate }, { id: 'a' }, undefined]) {
      expect(() => reauthenticator.register(target as never, {} as never)).toThrow(
        expect.objectContaining({ code: 'INVALID_OPTION' }),
      );
    }
    for (const options of [
      { windowMs: -1 },
      { windowMs: Number.NaN },
      { windowMs: 600_001 },
      { maxConcurrency: 0 },
      { maxConcurrency: 1.5 },
      { authTimeoutMs: 99 },
      { window: 1 },
    ]) {
      expect(() => new Reauthenticator(manager, options)).toThrow(
        expect.objectContaining({ code: 'INVALID_OPTION' }),
      );
    }
  });
});
