import { EntraIdError } from './errors.js';
import type { IdentityProvider } from './identity-provider.js';
import { checkFunction, checkKnownOptions } from './option-checks.js';
import type { ReauthenticatorOptions } from './reauthentication.js';
import { Reauthenticator } from './reauthenticator.js';
import {
  ActiveSubscription,
  type CredentialsListener,
  type Subscription,
  type SubscriptionRegistry,
} from './subscription.js';
import type { Token } from './token.js';
import { TokenManager } from './token-manager.js';
import { TOKEN_MANAGER_OPTION_NAMES, type TokenManagerOptions } from './token-manager-options.js';

/** Everything that {@link createCredentialsProvider} can be configured with. */
export interface CredentialsProviderOptions extends TokenManagerOptions {
  /** How the AUTHs of live connections are spread. */
  readonly reauthentication?: Omit<ReauthenticatorOptions, 'random'>;
}

/**
 * Streams one identity's credentials to any number of Redis clients of any kind. Closing one client never stops another;
 * the token is kept until it expires, with or without subscribers.
 */
export class CredentialsProvider {
  readonly tokenManager: TokenManager;
  readonly reauthenticator: Reauthenticator;
  readonly #subscriptions = new Map<CredentialsListener, ActiveSubscription>();
  readonly #registry: SubscriptionRegistry = { remove: (listener) => this.#remove(listener) };
  #unsubscribe: (() => void) | undefined;

  constructor(
    tokenManager: TokenManager,
    reauthenticator: Reauthenticator = new Reauthenticator(tokenManager),
  ) {
    this.tokenManager = tokenManager;
    this.reauthenticator = reauthenticator;
  }

  /**
   * Resolves to the credentials to sign in with now, and to the handle that ends the subscription; every later token
   * goes to `listener`. Subscribing the same object again adds nothing: it gets the current credentials, and any handle
   * ends it. Rejects as {@link TokenManager.getToken} does, and leaves nothing behind then.
   */
  async subscribe(listener: CredentialsListener): Promise<[Token, Subscription]> {
    checkFunction('listener.onNext', listener?.onNext);
    this.#unsubscribe ??= this.tokenManager.subscribe({
      onNext: (token) => {
        for (const subscription of this.#subscriptions.values()) subscription.next(token);
      },
      onError: (error) => {
        for (const subscription of this.#subscriptions.values()) subscription.error(error);
      },
    });
    const subscription =
      this.#subscriptions.get(listener) ?? new ActiveSubscription(listener, this.#registry);
    this.#subscriptions.set(listener, subscription);
    try {
      const token =
        this.tokenManager.currentToken() ??
        (await this.tokenManager.getToken({ signal: subscription.waitSignal }));
      subscription.startAfter(token);
      return [token, subscription];
    } catch (error) {
      subscription.dispose();
      throw error;
    }
  }

  /** Ends every subscription and the token manager with it. Idempotent. */
  close(): void {
    for (const subscription of [...this.#subscriptions.values()]) subscription.dispose();
    this.tokenManager.close();
  }

  /** The same as {@link close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  #remove(listener: CredentialsListener): void {
    this.#subscriptions.delete(listener);
    if (this.#subscriptions.size > 0) return;
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
  }
}

/**
 * Where credentials come from: an identity provider; a token manager or a credentials provider that is in use already,
 * so that several clients share one token; or an adapter's object that carries one.
 */
export type CredentialsSource =
  | IdentityProvider
  | TokenManager
  | CredentialsProvider
  | { readonly credentialsProvider: CredentialsProvider };

/**
 * A credentials provider for `source`. A credentials provider is given back as it is, and takes no options; a token
 * manager takes `reauthentication` only, since the rest is its own. Throws `INVALID_OPTION`.
 */
export function createCredentialsProvider(
  source: CredentialsSource,
  options: CredentialsProviderOptions = {},
): CredentialsProvider {
  if (typeof source !== 'object' || source === null) {
    throw new EntraIdError(
      'INVALID_OPTION',
      `createCredentialsProvider takes an identity provider, a token manager or a credentials provider, got ${source === null ? 'null' : typeof source}`,
    );
  }
  const existing = asCredentialsProvider(source);
  if (existing !== undefined) {
    checkKnownOptions('a credentials provider that exists already', options, []);
    return existing;
  }
  const { reauthentication = {}, ...managerOptions } = options;
  if (isTokenManager(source)) {
    checkKnownOptions('a token manager that exists already', options, ['reauthentication']);
    return new CredentialsProvider(source, new Reauthenticator(source, reauthentication));
  }
  checkKnownOptions('createCredentialsProvider', options, [
    ...TOKEN_MANAGER_OPTION_NAMES,
    'reauthentication',
  ]);
  const tokenManager = new TokenManager(source as IdentityProvider, managerOptions);
  const { random } = managerOptions;
  return new CredentialsProvider(
    tokenManager,
    new Reauthenticator(
      tokenManager,
      random === undefined ? reauthentication : { ...reauthentication, random },
    ),
  );
}

/** By shape, never by class: two copies of this package may be loaded. */
function asCredentialsProvider(source: CredentialsSource): CredentialsProvider | undefined {
  if ('credentialsProvider' in source) return source.credentialsProvider;
  return 'tokenManager' in source && 'reauthenticator' in source ? source : undefined;
}

function isTokenManager(source: CredentialsSource): source is TokenManager {
  return 'getToken' in source && 'subscribe' in source && 'status' in source;
}
