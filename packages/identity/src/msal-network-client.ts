import { AsyncLocalStorage } from 'node:async_hooks';
import type { INetworkModule, NetworkResponse as MsalNetworkResponse } from '@azure/msal-node';
import {
  fetchNetworkClient,
  type NetworkClient,
  type NetworkRequest,
  type NetworkResponse,
} from './network-client.js';
import { RequestSecrets } from './request-secrets.js';
import { isSuccess, type TokenExchange } from './token-exchange.js';

type Method = 'GET' | 'POST';

/**
 * What MSAL sends its requests through. MSAL's own client (msal-node 7.2 `HttpClient`) has no timeout for token requests
 * and cannot be aborted, and MSAL hands no signal down; so each token request carries its {@link TokenExchange} through
 * MSAL in an `AsyncLocalStorage`. One provider may serve several managers whose requests overlap.
 */
export class MsalNetworkClient implements INetworkModule {
  readonly #transport: NetworkClient;
  readonly #exchanges = new AsyncLocalStorage<TokenExchange>();

  /** Default transport: the global `fetch`. */
  constructor(transport: NetworkClient = fetchNetworkClient) {
    this.#transport = transport;
  }

  /** Runs a call into MSAL whose requests end with the exchange's signal and are noted in it. */
  during<T>(exchange: TokenExchange, callMsal: () => Promise<T>): Promise<T> {
    return this.#exchanges.run(exchange, callMsal);
  }

  sendGetRequestAsync<T>(
    url: string,
    options?: NetworkRequest,
    timeout?: number,
  ): Promise<MsalNetworkResponse<T>> {
    return this.#send('GET', options, (request) =>
      this.#transport.sendGetRequestAsync(url, request, timeout),
    );
  }

  sendPostRequestAsync<T>(url: string, options?: NetworkRequest): Promise<MsalNetworkResponse<T>> {
    return this.#send('POST', options, (request) => this.#transport.sendPostRequestAsync(url, request));
  }

  async #send<T>(
    method: Method,
    options: NetworkRequest | undefined,
    send: (request: NetworkRequest) => Promise<NetworkResponse>,
  ): Promise<MsalNetworkResponse<T>> {
    const exchange = this.#exchanges.getStore();
    const secrets = new RequestSecrets(options?.body);
    exchange?.signal.throwIfAborted();
    if (exchange !== undefined && method === 'POST') exchange.posts++;
    try {
      const response = await send({
        ...options,
        ...(exchange === undefined ? {} : { signal: exchange.signal }),
      });
      const answer = checkAnswer(method, response, secrets);
      exchange?.noteAnswer(method, answer);
      return forMsal<T>(method, answer);
    } catch (error) {
      // MSAL replaces every error that is not its own by a bare network_error; the cause survives here.
      const failure = this.#transport === fetchNetworkClient ? error : secrets.summarize(error);
      if (exchange !== undefined) exchange.networkFailure = failure;
      throw failure;
    }
  }
}

/** A response that MSAL can make something of, without an echo of the request's secrets. */
function checkAnswer(method: Method, response: NetworkResponse, secrets: RequestSecrets): NetworkResponse {
  if (typeof response?.status !== 'number')
    throw new TypeError('the networkClient gave no response with a status');
  const { status, headers, body } = response;
  const isObject = typeof body === 'object' && body !== null && !Array.isArray(body);
  if (!isSuccess(status)) {
    return { status, headers: { ...headers }, body: isObject ? secrets.redactJson(body) : {} };
  }
  if (!isObject) throw new Error(`the answer was HTTP ${status} with a body that is not a JSON object`);
  const { access_token: token, error } = body as {
    readonly access_token?: unknown;
    readonly error?: unknown;
  };
  if (method === 'POST' && error === undefined && (typeof token !== 'string' || token === '')) {
    // MSAL would keep the empty token in its cache for an hour.
    throw new Error(`the answer was HTTP ${status} without an access_token`);
  }
  return { status, headers: { ...headers }, body: error === undefined ? body : secrets.redactJson(body) };
}

/**
 * MSAL takes a failed token response for a token unless it names an OAuth error, which a proxy's error page does not.
 * A failed discovery must not get one: MSAL would take it for Microsoft's word that the host is fine.
 */
function forMsal<T>(method: Method, { status, headers, body }: NetworkResponse): MsalNetworkResponse<T> {
  const oauth = body as { readonly error?: unknown };
  if (method === 'GET' || isSuccess(status) || typeof oauth.error === 'string') {
    return { status, headers, body: body as T };
  }
  const error = status >= 500 || status === 429 ? 'temporarily_unavailable' : 'unexpected_response';
  return {
    status,
    headers,
    body: { ...oauth, error, error_description: `HTTP ${status} without an OAuth error` } as T,
  };
}
