import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Emulator, startEmulator } from '../src/index.js';
import { postForm } from './https-client.js';
import { RawClient } from './raw-client.js';

let emulator: Emulator;

beforeAll(async () => {
  emulator = await startEmulator();
});

afterAll(() => emulator.close());

describe('tokens', () => {
  it('are in no event, no counter and nothing that can be printed, accepted or refused, revoked or not', async () => {
    const { identity, redis } = emulator;
    const shown: string[] = [];
    const show = (event: unknown): void => {
      shown.push(inspect(event, { depth: 10, showHidden: true }), JSON.stringify(event));
    };
    for (const name of ['connection', 'auth', 'closed'] as const) redis.gate.on(name, show);
    for (const name of ['received', 'request'] as const) identity.on(name, show);
    const granted = await postForm(
      `${identity.authority}/oauth2/v2.0/token`,
      {
        grant_type: 'client_credentials',
        client_id: identity.clientId,
        client_secret: identity.clientSecret,
        scope: identity.scope,
      },
      { ca: emulator.ca },
    );
    const tokens = [
      String(granted.json()['access_token']),
      identity.issueToken(),
      identity.issueToken({ expired: true }),
    ];
    redis.gate.revoke(tokens[1] ?? '');
    const client = await RawClient.connect(redis.port);
    await client.roundTrip(...tokens.map((token) => ['AUTH', identity.objectId, token]));
    const closed = redis.gate.once('closed');
    client.destroy();
    await closed;
    show(redis.gate);
    show(redis.gate.auths());
    show(identity.verifier);
    expect(shown.length).toBeGreaterThan(10);
    for (const part of tokens.flatMap((token) => token.split('.').slice(1))) {
      expect(shown.filter((text) => text.includes(part))).toEqual([]);
    }
  });

  it('never reach the server behind the gate, save those it is left to refuse', async () => {
    const { identity, redis } = emulator;
    const { server } = redis.gate;
    const direct = await RawClient.connect(server.port);
    const token = identity.issueToken();
    const client = await RawClient.connect(redis.port);
    await client.roundTrip(['AUTH', identity.objectId, token]);
    await direct.roundTrip(['AUTH', server.username ?? '', server.password ?? '']);
    const users = await direct.roundTrip(['ACL', 'LIST']);
    const { createHash } = await import('node:crypto');
    expect(users).toContain(identity.objectId);
    expect(users).not.toContain(createHash('sha256').update(token).digest('hex'));
    client.destroy();
    direct.destroy();
  });
});
