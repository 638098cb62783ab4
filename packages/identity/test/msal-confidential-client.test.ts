import { EventEmitter, once } from 'node:events';
import { EntraIdError } from '@entraid/core';
import { describe, expect, it } from '@jest/globals';
import { resolveConfidentialClientOptions } from '../src/confidential-client-options.js';
import { importMsal, type Msal } from '../src/load-msal.js';
import { type ClientCredential, MsalConfidentialClient } from '../src/msal-confidential-client.js';
import { CLIENT_ID, EntraStub, granted, SECRET, TENANT_ID } from './fixtures/entra-stub.js';
import { rejection } from './fixtures/rejection.js';

const idle = new AbortController().signal;

function setup(
  stub: EntraStub,
  load?: () => Promise<Msal>,
  credential: ClientCredential = { clientSecret: SECRET },
): MsalConfidentialClient {
  const options = { tenantId: TENANT_ID, clientId: CLIENT_ID, networkClient: stub };
  return new MsalConfidentialClient(resolveConfidentialClientOptions('test', options, []), credential, load);
}

describe('MsalConfidentialClient, loading MSAL', () => {
  it('does not load it before the first request, and once for 10 concurrent ones', async () => {
    let loads = 0;
    const client = setup(new EntraStub(granted('a.b.c')), () => {
      loads++;
      return importMsal();
    });
    expect(loads).toBe(0);
    const requests = Array.from({ length: 10 }, () =>
      client.requestToken({ signal: idle, forceRefresh: false }),
    );
    await Promise.all(requests);
    expect(loads).toBe(1);
  });

  it('rejects with DEPENDENCY_MISSING when it cannot be loaded, and tries again at the next request', async () => {
    const missing = Object.assign(new Error("Cannot find package '@azure/msal-node'"), {
      code: 'ERR_MODULE_NOT_FOUND',
    });
    const loads: (() => Promise<Msal>)[] = [() => Promise.reject(missing), importMsal];
    const client = setup(new EntraStub(granted('a.b.c')), () => loads.shift()?.() ?? Promise.reject(missing));
    const error = await rejection(() => client.requestToken({ signal: idle, forceRefresh: false }));
    expect(error).toMatchObject({ code: 'DEPENDENCY_MISSING', retryable: false, cause: missing });
    expect(error.message).toContain('npm install @azure/msal-node');
    await expect(client.requestToken({ signal: idle, forceRefresh: false })).resolves.toMatchObject({
      type: 'AuthResult',
    });
  });

  it('F6, F10: rejects when MSAL does not take the credential, and keeps its error', async () => {
    const stub = new EntraStub(granted('a.b.c'));
    const error = await rejection(() =>
      setup(stub, importMsal, {}).requestToken({ signal: idle, forceRefresh: false }),
    );
    expect(error).toMatchObject({
      code: 'INVALID_OPTION',
      cause: { errorCode: 'invalid_client_credential' },
    });
    expect(error.message).toContain('MSAL refuses the configuration: invalid_client_credential');
    expect(stub.sent).toHaveLength(0);
  });
});

describe('MsalConfidentialClient, aborted', () => {
  it('hands the signal of the request to the network client and rejects at once', async () => {
    const controller = new AbortController();
    const closed = new EntraIdError('CLOSED', 'closed');
    const stub = new EntraStub((request) => {
      queueMicrotask(() => controller.abort(closed));
      return new Promise((_, reject) => {
        request.signal?.addEventListener('abort', () => reject(new Error('ended')));
      });
    });
    const error = await rejection(() =>
      setup(stub).requestToken({ signal: controller.signal, forceRefresh: false }),
    );
    expect(error).toBe(closed);
    expect(stub.sent[0]?.signal?.aborted).toBe(true);
  });

  it('rejects at once even when the network client ignores the signal', async () => {
    const controller = new AbortController();
    const stub = new EntraStub(() => {
      queueMicrotask(() => controller.abort());
      return new Promise(() => {});
    });
    const error = await rejection(() =>
      setup(stub).requestToken({ signal: controller.signal, forceRefresh: false }),
    );
    expect(error.code).toBe('ABORTED');
  });

  it('sends nothing when the signal has fired, before or while MSAL was being loaded', async () => {
    const stub = new EntraStub(granted('a.b.c'));
    const client = setup(stub);
    expect(
      (await rejection(() => client.requestToken({ signal: AbortSignal.abort(), forceRefresh: false }))).code,
    ).toBe('ABORTED');
    const controller = new AbortController();
    let loaded: Promise<Msal> | undefined;
    const slow = setup(stub, () => {
      loaded = importMsal();
      controller.abort();
      return loaded;
    });
    expect(
      (await rejection(() => slow.requestToken({ signal: controller.signal, forceRefresh: false }))).code,
    ).toBe('ABORTED');
    await loaded;
    await new Promise((resolve) => setImmediate(resolve));
    expect(stub.sent).toHaveLength(0);
  });

  it('ends only the request whose signal fired: one provider serves several managers', async () => {
    const first = new AbortController();
    const second = new AbortController();
    const arrivals = new EventEmitter();
    const bothSent = once(arrivals, 'both');
    const answered = once(arrivals, 'answer');
    const stub = new EntraStub(async ({ signal }) => {
      if (stub.sent.length === 2) arrivals.emit('both');
      await answered;
      signal?.throwIfAborted();
      return granted('second.b.c');
    });
    const client = setup(stub);
    const ended = rejection(() => client.requestToken({ signal: first.signal, forceRefresh: true }));
    const kept = client.requestToken({ signal: second.signal, forceRefresh: true });
    await bothSent;
    expect(stub.sent.map(({ signal }) => signal)).toEqual([first.signal, second.signal]);
    first.abort();
    expect(await ended).toMatchObject({ code: 'ABORTED' });
    arrivals.emit('answer');
    expect(await kept).toMatchObject({ authResult: { accessToken: 'second.b.c' } });
  });
});
