import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { EntraIdError, StreamingCredentials } from '../src/index.js';
import { runChild } from './child-process.js';
import { AT_ONCE, Fixture } from './fixture.js';

let fixture: Fixture;

beforeAll(async () => {
  fixture = await Fixture.start();
});
afterEach(() => fixture.endTest());
afterAll(() => fixture.close());

/** What a client before 5.12 does with the hook: no channels, so a subscription outside of any `connect()`. */
class OldClient {
  readonly sent: (string | undefined)[] = [];
  sends = true;
  readonly onNext = (credentials: StreamingCredentials): void => {
    if (this.sends) this.sent.push(credentials.password);
  };
  readonly onError = (): void => {};
}

describe('a client that publishes nothing (before 5.12)', () => {
  it('is registered from its subscription to its end, and is sent each new token', async () => {
    const provider = fixture.provider();
    const { tokenManager, reauthenticator } = provider.credentialsProvider;
    const client = new OldClient();
    const [credentials, subscription] = await provider.subscribe(client);
    const reauthenticated = new Promise((resolve) => {
      reauthenticator.observe({ onReauthenticated: resolve });
    });
    const token = await tokenManager.getToken({ forceRefresh: true });
    expect(await reauthenticated).toMatchObject({ version: 2, connectionId: 'node-redis-client-1' });
    expect(client.sent).toEqual([token.password]);
    expect(credentials.password).not.toBe(token.password);
    subscription.dispose();
    subscription.dispose();
    expect(reauthenticator.status().connections).toBe(0);
  });

  it('that sends no AUTH, as with a RESP2 subscription, is asked again until it does', async () => {
    const provider = fixture.provider();
    const { tokenManager, reauthenticator } = provider.credentialsProvider;
    const client = new OldClient();
    const [, subscription] = await provider.subscribe(client);
    const asked = new Promise<void>((resolve) => {
      client.sends = false;
      const { onNext } = client;
      Object.assign(client, {
        onNext: (credentials: StreamingCredentials) => {
          onNext(credentials);
          resolve();
        },
      });
    });
    const reauthenticated = new Promise((resolve) => {
      reauthenticator.observe({ onReauthenticated: resolve });
    });
    await tokenManager.getToken({ forceRefresh: true });
    await asked;
    expect(reauthenticator.status().behind).toBe(1);
    client.sends = true;
    await reauthenticated;
    expect(client.sent).toHaveLength(1);
    subscription.dispose();
  });

  it('has its refused AUTH reported with the client’s error as cause', async () => {
    const told: EntraIdError[] = [];
    const provider = fixture.provider({ ...AT_ONCE, onReAuthenticationError: (error) => told.push(error) });
    const [, subscription] = await provider.subscribe(new OldClient());
    provider.onReAuthenticationError(
      new Error('Re-authentication with latest credentials failed: WRONGPASS'),
    );
    expect(told).toMatchObject([
      { code: 'REAUTHENTICATION_FAILED', cause: { message: expect.stringContaining('WRONGPASS') } },
    ]);
    expect(told[0]?.retryable).toBe(true);
    subscription.dispose();
  });

  it('[row a] has no registration any more when it was dropped without an end', async () => {
    const result = await runChild(
      `
      const provider = createCredentialsProvider({ requestToken: async () => nextToken() }, AT_ONCE);
      const { reauthenticator } = provider.credentialsProvider;
      const subscribe = () => provider.subscribe({ onNext() {}, onError() {} });
      for (let i = 0; i < 5; i++) await subscribe();
      const [, kept] = await subscribe();
      console.log(reauthenticator.status().connections);
      await collect(() => reauthenticator.status().connections === 1);
      console.log(reauthenticator.status().connections);
      kept.dispose();
      console.log(reauthenticator.status().connections);
    `,
      { port: fixture.emulator.redis.port, tokens: [fixture.token()] },
    );
    expect(result.stdout.split('\n').slice(0, 3)).toEqual(['6', '1', '0']);
  });
});
