import type { ConfidentialClientApplication, NodeAuthOptions } from '@azure/msal-node';
import {
  authResult,
  type IdentityProvider,
  type IdentityProviderResponse,
  type RequestTokenOptions,
  systemClock,
} from '@entraid/core';
import type { ConfidentialClientConfiguration } from './confidential-client-options.js';
import { importMsal, loadMsal, type Msal } from './load-msal.js';
import { msalFailure } from './msal-failure.js';
import { MsalNetworkClient } from './msal-network-client.js';
import { TokenExchange } from './token-exchange.js';
import { untilAborted } from './until-aborted.js';

/** How the application proves that it is itself: exactly one of the three. */
export type ClientCredential = Pick<
  NodeAuthOptions,
  'clientSecret' | 'clientCertificate' | 'clientAssertion'
>;

/** MSAL's pause and its mirror here end within the same second, in either order. */
const MIN_THROTTLE_MS = 1000;

/**
 * An identity provider on MSAL's `ConfidentialClientApplication`: the client credentials grant, whatever the credential.
 * MSAL is loaded and the application made by the first request, once for all; a failure of that is not remembered.
 */
export class MsalConfidentialClient implements IdentityProvider {
  readonly #configuration: ConfidentialClientConfiguration;
  readonly #credential: ClientCredential;
  readonly #load: () => Promise<Msal>;
  readonly #network: MsalNetworkClient;
  #application: Promise<ConfidentialClientApplication> | undefined;
  #throttledUntilMs = Number.NEGATIVE_INFINITY;

  constructor(
    configuration: ConfidentialClientConfiguration,
    credential: ClientCredential,
    load: () => Promise<Msal> = importMsal,
  ) {
    this.#configuration = configuration;
    this.#credential = credential;
    this.#load = load;
    this.#network = new MsalNetworkClient(configuration.networkClient);
  }

  requestToken({ signal, forceRefresh }: RequestTokenOptions): Promise<IdentityProviderResponse> {
    return untilAborted(signal, () => this.#acquire(new TokenExchange(signal), forceRefresh));
  }

  async #acquire(exchange: TokenExchange, forceRefresh: boolean): Promise<IdentityProviderResponse> {
    const { scopes, clientId, authority } = this.#configuration;
    try {
      const application = await this.#getApplication();
      const result = await this.#network.during(exchange, () =>
        application.acquireTokenByClientCredential({
          scopes: [...scopes],
          skipCache: forceRefresh,
          // Keeps MSAL from reading MSAL_FORCE_REGION: nothing here depends on the environment.
          azureRegion: 'DisableMsalForceRegion',
        }),
      );
      return authResult(result);
    } catch (error) {
      const { host, tenantId } = authority;
      throw msalFailure(error, exchange, { host, tenantId, clientId }, this.#noteThrottle(exchange));
    }
  }

  #getApplication(): Promise<ConfidentialClientApplication> {
    this.#application ??= this.#createApplication().catch((error: unknown) => {
      this.#application = undefined;
      throw error;
    });
    return this.#application;
  }

  async #createApplication(): Promise<ConfidentialClientApplication> {
    const msal = await loadMsal(this.#load);
    const { clientId, authority, knownAuthorities } = this.#configuration;
    return new msal.ConfidentialClientApplication({
      auth: {
        clientId,
        authority: authority.url,
        knownAuthorities: [...knownAuthorities],
        ...this.#credential,
      },
      system: {
        networkClient: this.#network,
        loggerOptions: {
          loggerCallback: () => {},
          logLevel: msal.LogLevel.Error,
          piiLoggingEnabled: false,
        },
      },
    });
  }

  /** Mirrors how long MSAL remembers a failed token response; returns what is left of it, in ms. */
  #noteThrottle({ answer }: TokenExchange): number {
    const nowMs = systemClock.now();
    if (answer?.method === 'POST' && answer.retryAfterMs !== undefined) {
      this.#throttledUntilMs = nowMs + answer.retryAfterMs;
    }
    return Math.max(this.#throttledUntilMs - nowMs, MIN_THROTTLE_MS);
  }
}
