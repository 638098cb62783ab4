import { describe, expect, it } from '@jest/globals';
import { Reauthenticator, rawToken, type Token, TokenManager } from '../src/index.js';
import { FakeClock, ScriptedIdentityProvider, unsignedJwt } from '../src/testing/index.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
/** 70 % of an hour. */
const ROTATION = 42 * MINUTE;
const WINDOW = 30 * SECOND;
const CONNECTIONS = 10_000;
/** Microsoft asks for the new AUTH this long before expiry. */
const MARGIN = 3 * MINUTE;

interface Auth {
  readonly connection: number;
  readonly version: number;
  readonly atMs: number;
  readonly expiresInMs: number;
}

/** A fleet of connections to a server that takes 2 ms for an AUTH and refuses when told to. */
function fleet() {
  const clock = new FakeClock();
  const source = new ScriptedIdentityProvider(({ number }) => {
    const iat = clock.now() / 1000;
    return rawToken(unsignedJwt({ oid: 'user', iat, exp: iat + 3600, uti: number }));
  });
  const manager = new TokenManager(source, { clock, refreshJitterRatio: 0 });
  const reauthenticator = new Reauthenticator(manager);
  const auths: Auth[] = [];
  const refusing = new Set<number>();
  let underWay = 0;
  const peak = { underWay: 0 };
  const register = (connection: number, signedInWith: Token) => {
    let token = signedInWith;
    return reauthenticator.register(
      {
        id: `node-${connection % 6}:10000/${connection}`,
        async authenticate(next) {
          peak.underWay = Math.max(peak.underWay, ++underWay);
          auths.push({
            connection,
            version: next.version,
            atMs: clock.monotonic(),
            expiresInMs: token.expiresAtMs - clock.now(),
          });
          await new Promise<void>((resolve) => clock.schedule(2, resolve));
          underWay--;
          if (refusing.delete(connection)) throw new Error('WRONGPASS');
          token = next;
          return 'applied';
        },
      },
      token,
    );
  };
  return { clock, manager, reauthenticator, auths, refusing, register, peak };
}

/** How many of `auths` fall into each tenth of the window that starts at `fromMs`. */
function tenths(auths: readonly Auth[], fromMs: number): number[] {
  const counts = Array.from({ length: 10 }, () => 0);
  for (const { atMs } of auths) {
    const index = Math.min(9, Math.floor(((atMs - fromMs) / WINDOW) * 10));
    counts[index] = (counts[index] ?? 0) + 1;
  }
  return counts;
}

describe('10,000 connections', () => {
  it('send one AUTH each per rotation, spread within 20 % of uniform, 3 min before expiry at the latest, 64 at once', async () => {
    const { clock, manager, auths, register, peak, reauthenticator } = fleet();
    const first = await manager.getToken();
    for (let connection = 0; connection < CONNECTIONS; connection++) register(connection, first);
    for (const rotation of [1, 2, 3]) {
      const rotatedAtMs = rotation * ROTATION;
      auths.length = 0;
      await clock.advance(rotatedAtMs + WINDOW + SECOND - clock.monotonic());
      expect(auths.every(({ version }) => version === rotation + 1)).toBe(true);
      expect(auths).toHaveLength(CONNECTIONS);
      expect(new Set(auths.map(({ connection }) => connection)).size).toBe(CONNECTIONS);
      expect(Math.min(...auths.map(({ expiresInMs }) => expiresInMs))).toBeGreaterThan(MARGIN);
      for (const count of tenths(auths, rotatedAtMs)) {
        expect(count).toBeGreaterThanOrEqual(800);
        expect(count).toBeLessThanOrEqual(1200);
      }
      expect(reauthenticator.status()).toEqual({ connections: CONNECTIONS, behind: 0 });
    }
    expect(peak.underWay).toBeLessThanOrEqual(64);
  }, 60_000);

  it('take the new token in time while a tenth close, a tenth reopen on it and a tenth refuse once', async () => {
    const { clock, manager, auths, refusing, register, reauthenticator } = fleet();
    const first = await manager.getToken();
    const registrations = Array.from({ length: CONNECTIONS }, (_, connection) => register(connection, first));
    for (let connection = 2; connection < CONNECTIONS; connection += 10) refusing.add(connection);
    await clock.advance(ROTATION + WINDOW / 2);
    const current = manager.currentToken() as Token;
    for (let connection = 0; connection < CONNECTIONS; connection += 10) registrations[connection]?.dispose();
    for (let connection = 1; connection < CONNECTIONS; connection += 10) {
      registrations[connection]?.dispose();
      register(connection, current);
    }
    await clock.advance(WINDOW / 2 + 5 * SECOND);
    const counts = new Map<number, number>();
    for (const { connection } of auths) counts.set(connection, (counts.get(connection) ?? 0) + 1);
    for (let connection = 0; connection < CONNECTIONS; connection++) {
      const count = counts.get(connection) ?? 0;
      const closedOrReopened = connection % 10 <= 1;
      if (closedOrReopened) expect(count).toBeLessThanOrEqual(1);
      else expect(count).toBe(connection % 10 === 2 ? 2 : 1);
    }
    expect(Math.min(...auths.map(({ expiresInMs }) => expiresInMs))).toBeGreaterThan(MARGIN);
    expect(reauthenticator.status()).toEqual({ connections: CONNECTIONS * 0.9, behind: 0 });
  }, 60_000);
});
