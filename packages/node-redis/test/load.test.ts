import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rawToken } from '../src/index.js';
import { Fixture } from './fixture.js';

const LIFETIME_MS = 2000;
const LIFETIMES = 5;

let fixture: Fixture;

beforeAll(async () => {
  fixture = await Fixture.start();
});
afterAll(() => fixture.close());

describe('4 clients under load', () => {
  it(
    `[row d] [row e] [row f] [row l] lose no command and no connection in ${LIFETIMES} lifetimes of a token`,
    async () => {
      const provider = fixture.provider(
        { minRequestIntervalMs: 50 },
        {
          requestToken: async () => {
            fixture.requests++;
            return rawToken(fixture.token(LIFETIME_MS));
          },
        },
      );
      const clients = await Promise.all(Array.from({ length: 4 }, () => fixture.client(provider).connect()));
      const endsAt = performance.now() + LIFETIMES * LIFETIME_MS;
      let commands = 0;
      const load = clients.map(async (client, index) => {
        while (performance.now() < endsAt) {
          const value = String(commands++);
          await client.set(`key${index}`, value);
          expect(await client.get(`key${index}`)).toBe(value);
        }
      });
      await Promise.all(load);
      expect(commands).toBeGreaterThan(100);
      expect(fixture.errors).toEqual([]);
      expect(fixture.gate.closedByExpiry).toBe(0);
      expect(fixture.gate.refused).toBe(0);
      expect(fixture.gate.connections.total).toBe(4);
      // A token is renewed before its end, and never in a loop.
      expect(fixture.requests).toBeGreaterThanOrEqual(LIFETIMES);
      expect(fixture.requests).toBeLessThan(LIFETIMES * 3);
      expect(fixture.gate.accepted).toBeLessThanOrEqual(4 * fixture.requests);
    },
    LIFETIMES * LIFETIME_MS + 10_000,
  );
});
