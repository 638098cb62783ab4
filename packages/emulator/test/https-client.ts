import { once } from 'node:events';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { request } from 'node:https';

/** A response, read whole. */
export interface HttpsResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  json(): Record<string, unknown>;
}

/** One request on a connection of its own, with `ca` as the only trusted authority. */
export async function httpsRequest(
  url: string,
  options: {
    readonly ca: string;
    readonly method?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
    readonly signal?: AbortSignal;
    readonly servername?: string;
  },
): Promise<HttpsResponse> {
  const { body: sent, ...rest } = options;
  const outgoing = request(url, { ...rest, agent: false });
  outgoing.end(sent);
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
  const body = Buffer.concat(chunks).toString();
  return {
    status: incoming.statusCode ?? 0,
    headers: incoming.headers,
    body,
    json: () => JSON.parse(body) as Record<string, unknown>,
  };
}

/** A form POST, as OAuth 2.0 clients send. */
export function postForm(
  url: string,
  form: Readonly<Record<string, string>>,
  options: {
    readonly ca: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly signal?: AbortSignal;
  },
): Promise<HttpsResponse> {
  return httpsRequest(url, {
    ...options,
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded;charset=utf-8', ...options.headers },
    body: new URLSearchParams(form).toString(),
  });
}
