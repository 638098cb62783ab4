/** What is sent beside the URL. */
export interface NetworkRequest {
  readonly headers?: Record<string, string>;
  /** `application/x-www-form-urlencoded`; holds the credential. */
  readonly body?: string;
  /** Fires when nobody waits for the answer any more. */
  readonly signal?: AbortSignal;
}

/** What came back. */
export interface NetworkResponse {
  readonly status: number;
  /** Header names in any case. */
  readonly headers: Record<string, string>;
  /** The parsed JSON; anything else is taken for an answer that did not come from Entra ID. */
  readonly body: unknown;
}

/**
 * Sends the HTTPS requests to Entra ID; for an application that must go through a proxy or its own agent. Every
 * implementation of MSAL's `INetworkModule` (msal-node 7.2) is one. Reject when no response came.
 */
export interface NetworkClient {
  sendGetRequestAsync(url: string, options?: NetworkRequest, timeout?: number): Promise<NetworkResponse>;
  sendPostRequestAsync(url: string, options?: NetworkRequest): Promise<NetworkResponse>;
}

/**
 * The default: the global `fetch`, so that `NODE_EXTRA_CA_CERTS` and a dispatcher set by the application hold.
 * A token endpoint does not redirect; if it does, the credential is not sent on.
 */
export const fetchNetworkClient: NetworkClient = {
  sendGetRequestAsync: (url, options) => send(url, { method: 'GET', redirect: 'follow' }, options),
  sendPostRequestAsync: (url, options) => send(url, { method: 'POST', redirect: 'error' }, options),
};

async function send(url: string, init: RequestInit, options: NetworkRequest = {}): Promise<NetworkResponse> {
  const { headers, body, signal } = options;
  const response = await fetch(url, {
    ...init,
    ...(headers === undefined ? {} : { headers }),
    ...(body === undefined ? {} : { body }),
    ...(signal === undefined ? {} : { signal }),
  });
  const text = await response.text();
  return { status: response.status, headers: Object.fromEntries(response.headers), body: parseJson(text) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message quotes the text; what matters is that it is not JSON.
    return undefined;
  }
}
