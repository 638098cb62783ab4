import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fetchNetworkClient } from '../src/network-client.js';
import { SECRET } from './fixtures/entra-stub.js';

const received: { method: string; path: string; body: string; contentType: string | undefined }[] = [];

const routes: Record<string, (response: ServerResponse) => void> = {
  '/json': (response) => response.writeHead(201, { 'Retry-After': '3' }).end('{"a":1}'),
  '/html': (response) => response.writeHead(502).end('<html>'),
  '/empty': (response) => response.writeHead(200).end(),
  '/moved': (response) => response.writeHead(307, { location: '/json' }).end(),
  '/silent': () => {},
};

const server = createServer((request: IncomingMessage, response: ServerResponse) => {
  const { url: path = '', method = '', headers } = request;
  let body = '';
  request.setEncoding('utf8').on('data', (text: string) => {
    body += text;
  });
  request.once('end', () => {
    received.push({ method, path, body, contentType: headers['content-type'] });
    routes[path]?.(response);
  });
});
let origin = '';

beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  server.closeAllConnections();
  await once(server.close(), 'close');
});

describe('fetchNetworkClient', () => {
  it('sends headers and body, and returns status, headers in lower case and parsed JSON', async () => {
    received.length = 0;
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded;charset=utf-8' };
    const response = await fetchNetworkClient.sendPostRequestAsync(`${origin}/json`, {
      headers,
      body: 'a=b',
    });
    expect(response).toMatchObject({ status: 201, headers: { 'retry-after': '3' }, body: { a: 1 } });
    expect(received).toEqual([
      {
        method: 'POST',
        path: '/json',
        body: 'a=b',
        contentType: 'application/x-www-form-urlencoded;charset=utf-8',
      },
    ]);
  });

  it('has no body for what is not JSON', async () => {
    expect(await fetchNetworkClient.sendGetRequestAsync(`${origin}/html`)).toMatchObject({
      status: 502,
      body: undefined,
    });
    expect(await fetchNetworkClient.sendGetRequestAsync(`${origin}/empty`)).toMatchObject({
      status: 200,
      body: undefined,
    });
  });

  it('does not send the secret on when the token endpoint redirects', async () => {
    received.length = 0;
    const request = fetchNetworkClient.sendPostRequestAsync(`${origin}/moved`, {
      body: `client_secret=${SECRET}`,
    });
    await expect(request).rejects.toThrow('fetch failed');
    expect(received.map(({ path }) => path)).toEqual(['/moved']);
  });

  it('follows a redirect of a discovery request, which carries no secret', async () => {
    expect(await fetchNetworkClient.sendGetRequestAsync(`${origin}/moved`)).toMatchObject({ status: 201 });
  });

  it('ends a request when its signal fires', async () => {
    const controller = new AbortController();
    const arrived = once(server, 'request');
    const request = fetchNetworkClient.sendPostRequestAsync(`${origin}/silent`, {
      signal: controller.signal,
    });
    const [incoming] = (await arrived) as [IncomingMessage];
    const closed = once(incoming.socket, 'close');
    controller.abort(new Error('enough'));
    await expect(request).rejects.toThrow('enough');
    await closed;
  });
});
