import { EntraIdError } from './errors.js';
import type { IdentityProvider } from './identity-provider.js';
import { checkFunction, checkKnownOptions } from './option-checks.js';
import type { ReauthenticatorOptions } from './reauthentication.js';
import { Reauthenticator } from './reauthenticator.js';
import type { Token } from './token.js';
import type { TokenListener } from './token-listener.js';
import { TokenManager } from './token-manager.js';
import { TOKEN_MANAGER_OPTION_NAMES, type TokenManagerOptions } from './token-manager-options.js';

/** Told about the tokens that follow the first one. Recognised by identity: one object is one subscription. */
export interface CredentialsListener {
  /** A newer token is in force. */
  onNext(token: Token): void;
  /** A round of requests failed; more will follow. What is in force stays so until it expires. */
  onError?(error: EntraIdError): void;
}

/** A running subscription. */
export interface Subscription {
  /** Ends it. Idempotent; the listener is not called afterwards. */
  dispose(): void;
  [Symbol.dispose](): void;
}

/** Everything that {@link createCredentialsProvider} can be configured with. */
export interface CredentialsProviderOptions extends TokenManagerOptions {
  /** How the AUTHs of live connections are spread. */
  readonly reauthentication?: Omit<ReauthenticatorOptions, 'random'>;
}

interface Entry {
  readonly promise: Promise<[Token, Subscription]>;
  readonly dispose: () => void;
}

/**
 * Streams one identity's credentials to any number of Redis clients of any kind. Closing one client never stops another;
 * the token is kept until it expires, with or without subscribers.
 */
export class CredentialsProvider {
  readonly tokenManager: TokenManager;
  readonly reauthenticator: Reauthenticator;
  readonly #entries = new Map<CredentialsListener, Entry>();

  constructor(
    tokenManager: TokenManager,
    reauthenticator: Reauthenticator = new Reauthenticator(tokenManager),
  ) {
    this.tokenManager = tokenManager;
    this.reauthenticator = reauthenticator;
  }

  /**
   * Resolves to the credentials to sign in with now, and to the handle that ends the subscription; every later token
   * goes to `listener`. Subscribing the same object again changes nothing: it gets the same answer, and any handle ends
   * it. Rejects as {@link TokenManager.getToken} does, and leaves nothing behind then.
   */
  subscribe(listener: CredentialsListener): Promise<[Token, Subscription]> {
    const existing = this.#entries.get(listener);
    if (existing !== undefined) return existing.promise;
    checkFunction('listener.onNext', listener?.onNext);
    let firstVersion = Number.POSITIVE_INFINITY;
    const tokenListener: TokenListener = {
      // Until the first token is handed over it is the newest there is, so nothing in between is missed.
      onNext: (token) => (token.version > firstVersion ? listener.onNext(token) : undefined),
      onError: (error) => listener.onError?.(error),
    };
    const unsubscribe = this.tokenManager.subscribe(tokenListener);
    const abort = new AbortController();
    const dispose = (): void => {
      this.#entries.delete(listener);
      unsubscribe();
      abort.abort();
    };
    const subscription: Subscription = { dispose, [Symbol.dispose]: dispose };
    const promise = this.tokenManager.getToken({ signal: abort.signal }).then(
      (token): [Token, Subscription] => {
        firstVersion = token.version;
        return [token, subscription];
      },
      (error: unknown) => {
        dispose();
        throw error;
      },
    );
    this.#entries.set(listener, { promise, dispose });
    return promise;
  }

  /** Ends every subscription and the token manager with it. Idempotent. */
  close(): void {
    for (const { dispose } of [...this.#entries.values()]) dispose();
    this.tokenManager.close();
  }

  /** The same as {@link close}. */
  [Symbol.dispose](): void {
    this.close();
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
