import { type Emulator, startEmulator } from '@entraid/emulator';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type ChildOutcome, runModule, TEST_TIMEOUT_MS } from './fixtures/child-process.js';

jest.setTimeout(TEST_TIMEOUT_MS);

let emulator: Emulator<undefined>;

beforeAll(async () => {
  emulator = await startEmulator({ redis: false });
});

afterEach(() => emulator.identity.comeBack());
afterAll(() => emulator.close());

/** What a child's script has beside its own lines. */
function preamble(): string {
  const { authority, clientId, clientSecret } = emulator.identity;
  return `
    import { subscribe } from 'node:diagnostics_channel';
    import { once } from 'node:events';
    import { inspect } from 'node:util';
    import { clientSecret } from '@entraid/identity';
    import { TokenManager } from '@entraid/core';

    const options = ${JSON.stringify({ clientId, clientSecret, authority: { type: 'custom', authority } })};
    const make = (changes) => clientSecret({ ...options, ...changes });
    const report = (value) => console.log(JSON.stringify(value));
    const order = async (name) => { process.send(name); await once(process, 'message'); };
    const request = (provider, forceRefresh = false, signal = new AbortController().signal) =>
      provider.requestToken({ signal, forceRefresh });
    const tokenOf = async (...args) => (await request(...args)).authResult.accessToken;

    const causesOf = (error) => error === undefined ? [] : [error.errorCode ?? error.code ?? error.name, ...causesOf(error.cause)];
    const failureOf = async (promise) => {
      const error = await promise.then(() => { throw new Error('no failure'); }, (error) => error);
      const text = inspect(error, { depth: null, showHidden: true }) + JSON.stringify(error) + error.stack;
      const secrets = [options.clientSecret, encodeURIComponent(options.clientSecret)];
      const { code, retryable, identityCode, retryAfterMs, message } = error;
      return { code, retryable, identityCode, retryAfterMs, message, causes: causesOf(error.cause),
        leaks: secrets.some((secret) => text.includes(secret)) };
    };

    /** Resolves when a token request has been sent whole, so that its answer is all that is missing. */
    const tokenRequestSent = () => new Promise((resolve) => {
      subscribe('undici:request:bodySent', ({ request }) => {
        if (request.path.includes('/oauth2/v2.0/token')) resolve();
      });
    });
    const reportExit = () => {
      const startedAtMs = performance.now();
      process.once('exit', () => report({ exitedAfterMs: performance.now() - startedAtMs }));
    };
  `;
}

/** Runs the script in a process that trusts the emulator's certificate authority; returns what it reported. */
async function run(
  script: string,
  onRequest?: (name: string) => Promise<void> | void,
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<unknown[]> {
  const outcome: ChildOutcome = await runModule(preamble() + script, {
    env: { NODE_EXTRA_CA_CERTS: emulator.caFile, ...env },
    ...(onRequest === undefined ? {} : { onRequest }),
  });
  expect({ exitCode: outcome.exitCode, stderr: outcome.stderr }).toEqual({ exitCode: 0, stderr: '' });
  return outcome.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

const claimsOf = (token: unknown): unknown =>
  JSON.parse(Buffer.from(String(token).split('.')[1] ?? '', 'base64url').toString());

describe('clientSecret against Entra ID over TLS', () => {
  it('gets a token for Redis, its cached one when asked again, and a new one when forced', async () => {
    const before = emulator.identity.requests;
    const [first, again, forced, afterwards] = await run(`
      const provider = make();
      report(await tokenOf(provider));
      report(await tokenOf(provider));
      report(await tokenOf(provider, true));
      report(await tokenOf(provider));
    `);
    expect(claimsOf(first)).toMatchObject({
      oid: emulator.identity.objectId,
      tid: emulator.identity.tenantId,
      aud: 'https://redis.azure.com',
    });
    expect(again).toBe(first);
    expect(forced).not.toBe(first);
    expect(afterwards).toBe(forced);
    expect(emulator.identity.requests - before).toBe(2);
  });

  it('sends one request each for 3 concurrent forced ones, and none twice', async () => {
    const before = emulator.identity.requests;
    const [tokens] = await run(`
      const provider = make();
      report((await Promise.all([1, 2, 3].map(() => tokenOf(provider, true)))).length);
    `);
    expect(tokens).toBe(3);
    expect(emulator.identity.requests - before).toBe(3);
  });

  it('is refused with AADSTS7000215 for a wrong secret, the cause kept and no secret anywhere', async () => {
    const [failure, again] = await run(`
      options.clientSecret = 'emu8Q~wrong+secret/with=signs&more';
      const provider = make();
      report(await failureOf(request(provider)));
      report(await failureOf(request(provider)));
    `);
    expect(failure).toMatchObject({
      code: 'IDENTITY_REJECTED',
      retryable: false,
      identityCode: 'AADSTS7000215',
      message: expect.stringContaining("Check that clientSecret is the secret's value, not its id"),
      causes: ['invalid_client'],
      leaks: false,
    });
    expect(again).toMatchObject({ code: 'IDENTITY_REJECTED', identityCode: 'AADSTS7000215' });
  });

  it('is refused for an unknown application, an unknown tenant and an unknown resource', async () => {
    const unknown = '00000000-0000-4000-8000-000000000000';
    const [client, tenant, resource] = await run(`
      const elsewhere = { type: 'custom', authority: new URL('/${unknown}', options.authority.authority).href };
      report(await failureOf(request(make({ clientId: '${unknown}' }))));
      report(await failureOf(request(make({ authority: elsewhere }))));
      report(await failureOf(request(make({ scopes: ['https://unknown.example/.default'] }))));
    `);
    const rejected = { code: 'IDENTITY_REJECTED', retryable: false, leaks: false };
    expect(client).toMatchObject({
      ...rejected,
      identityCode: 'AADSTS700016',
      causes: ['unauthorized_client'],
    });
    expect(tenant).toMatchObject({
      ...rejected,
      identityCode: 'AADSTS90002',
      message: expect.stringContaining('Check tenantId'),
    });
    expect(resource).toMatchObject({
      ...rejected,
      identityCode: 'AADSTS500011',
      message: expect.stringContaining('az ad sp create'),
    });
  });

  it('after a 503 sends nothing for 60 s, says so, and still has the cached token', async () => {
    const before = emulator.identity.requests;
    const [first, outage, pause, cached] = await run(
      `
      const provider = make();
      report(await tokenOf(provider));
      await order('fail');
      report(await failureOf(request(provider, true)));
      report(await failureOf(request(provider, true)));
      report(await tokenOf(provider));
    `,
      () => emulator.identity.failNext(1),
    );
    const unavailable = {
      code: 'IDENTITY_UNAVAILABLE',
      retryable: true,
      identityCode: 'AADSTS90033',
      leaks: false,
    };
    expect(outage).toMatchObject({
      ...unavailable,
      retryAfterMs: 60_000,
      causes: ['temporarily_unavailable'],
    });
    expect(pause).toMatchObject({ ...unavailable, message: expect.stringContaining('MSAL does not ask') });
    const { retryAfterMs } = pause as { retryAfterMs: number };
    expect(retryAfterMs).toBeGreaterThan(50_000);
    expect(retryAfterMs).toBeLessThanOrEqual(60_000);
    expect(cached).toBe(first);
    expect(emulator.identity.requests - before).toBe(2);
  });

  it('after a 429 with Retry-After: 17 asks for 17,000 ms', async () => {
    emulator.identity.failNext(1, { status: 429, retryAfterSeconds: 17, errorCode: 90055 });
    const [failure] = await run('report(await failureOf(request(make())));');
    expect(failure).toMatchObject({
      code: 'IDENTITY_UNAVAILABLE',
      retryAfterMs: 17_000,
      identityCode: 'AADSTS90055',
    });
  });

  it('reports a refused connection before and after discovery, and recovers when the service is back', async () => {
    const [cold, warm, back] = await run(
      `
      await order('goDown');
      const provider = make();
      report(await failureOf(request(provider)));
      await order('comeBack');
      await tokenOf(provider);
      await order('goDown');
      report(await failureOf(request(provider, true)));
      await order('comeBack');
      report((await tokenOf(provider, true)).length > 0);
    `,
      (name) => (name === 'goDown' ? emulator.identity.goDown() : emulator.identity.comeBack()),
    );
    const unavailable = { code: 'IDENTITY_UNAVAILABLE', retryable: true, leaks: false };
    expect(cold).toMatchObject({ ...unavailable, message: expect.stringContaining('ECONNREFUSED') });
    expect(cold).toMatchObject({ causes: ['endpoints_resolution_error', 'TypeError', 'ECONNREFUSED'] });
    expect(warm).toMatchObject({ ...unavailable, causes: ['network_error', 'TypeError', 'ECONNREFUSED'] });
    expect(back).toBe(true);
  });

  it('does not trust a certificate that Node.js does not trust', async () => {
    const [failure] = await run('report(await failureOf(request(make())));', undefined, {
      NODE_EXTRA_CA_CERTS: undefined,
    });
    expect(failure).toMatchObject({ code: 'IDENTITY_UNAVAILABLE', leaks: false });
    expect((failure as { causes: string[] }).causes.at(-1)).toMatch(/CERT|VERIFY/);
  });

  it('reads no environment variable: neither AZURE_* nor MSAL_FORCE_REGION change where it asks', async () => {
    const [token] = await run('report(await tokenOf(make()));', undefined, {
      AZURE_TENANT_ID: 'contoso.com',
      AZURE_CLIENT_ID: 'another',
      AZURE_CLIENT_SECRET: 'another',
      AZURE_AUTHORITY_HOST: 'https://login.example',
      MSAL_FORCE_REGION: 'westeurope',
    });
    expect(claimsOf(token)).toMatchObject({ oid: emulator.identity.objectId });
  });
});

describe('clientSecret against an Entra ID that does not answer', () => {
  it('ends a request at once when its signal fires, and the process is over within 1000 ms', async () => {
    emulator.identity.hang();
    const [failure, exit] = await run(`
      const controller = new AbortController();
      const pending = failureOf(request(make(), false, controller.signal));
      await tokenRequestSent();
      reportExit();
      controller.abort();
      report(await pending);
    `);
    expect(failure).toMatchObject({ code: 'ABORTED', retryable: false, leaks: false });
    expect((exit as { exitedAfterMs: number }).exitedAfterMs).toBeLessThan(1000);
  });

  it('lets the process end within 1000 ms of closing a manager in the middle of a request', async () => {
    emulator.identity.hang();
    const [failure, exit] = await run(`
      const manager = new TokenManager(make());
      const pending = failureOf(manager.getToken());
      await tokenRequestSent();
      reportExit();
      manager.close();
      report(await pending);
    `);
    expect(failure).toMatchObject({ code: 'CLOSED' });
    expect((exit as { exitedAfterMs: number }).exitedAfterMs).toBeLessThan(1000);
  });

  it('ends a request that timed out on the wire, too: the connection is closed', async () => {
    emulator.identity.hang();
    const [failure, closed, exit] = await run(`
      const controller = new AbortController();
      const connected = new Promise((resolve) => {
        subscribe('undici:client:sendHeaders', ({ request, socket }) => {
          if (request.path.includes('/oauth2/v2.0/token')) resolve(socket);
        });
      });
      const pending = failureOf(request(make(), false, controller.signal));
      const socket = await connected;
      const closed = new Promise((resolve) => socket.once('close', resolve));
      reportExit();
      controller.abort(new DOMException('too slow', 'TimeoutError'));
      report(await pending);
      await closed;
      report(socket.destroyed);
    `);
    expect(failure).toMatchObject({
      code: 'IDENTITY_UNAVAILABLE',
      retryable: true,
      message: expect.stringContaining('timed out'),
    });
    expect(closed).toBe(true);
    expect((exit as { exitedAfterMs: number }).exitedAfterMs).toBeLessThan(1000);
  });
});
