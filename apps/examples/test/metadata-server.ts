import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * Google's metadata server, as far as google-auth-library asks it for access tokens
 * (cloud.google.com/compute/docs/access/authenticate-workloads): every request must carry `Metadata-Flavor: Google`.
 */
export class MetadataServer {
  /** Life of the tokens that it gives from now on, in s. */
  expiresInS = 3600;
  /** What it answers to requests for a token, if not 200. */
  failure: { readonly status: number } | undefined;
  /** Every token so far, oldest first. */
  readonly tokens: string[] = [];
  /** Query strings of the requests for a token. */
  readonly requests: string[] = [];
  readonly #server: Server;

  static async start(): Promise<MetadataServer> {
    const metadata = new MetadataServer();
    metadata.#server.listen(0, '127.0.0.1');
    await once(metadata.#server, 'listening');
    return metadata;
  }

  private constructor() {
    this.#server = createServer((request, response) => {
      const { pathname, search } = new URL(request.url ?? '', 'http://metadata');
      response.setHeader('Metadata-Flavor', 'Google');
      if (request.headers['metadata-flavor'] !== 'Google') response.writeHead(403).end();
      else if (pathname === '/computeMetadata/v1/instance/service-accounts/default/token')
        response
          .writeHead(this.failure?.status ?? 200, { 'content-type': 'application/json' })
          .end(this.#answer(search));
      else response.writeHead(404).end();
    });
  }

  /** For `GCE_METADATA_HOST`. */
  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  #answer(search: string): string {
    this.requests.push(search);
    if (this.failure !== undefined) return '{}';
    const token = `ya29.token-${this.tokens.length + 1}`;
    this.tokens.push(token);
    return JSON.stringify({ access_token: token, expires_in: this.expiresInS, token_type: 'Bearer' });
  }
}
