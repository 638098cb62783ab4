import { createCredentialsProvider, rawToken } from '@entraid/core';
import { unsignedJwt } from '@entraid/core/testing';
import { EntraIdCredentialsProviderFactory } from '@redis/entraid';

const HOUR_SECONDS = 3600;

/** What the benches ask of a credentials provider, ours or the incumbent's. */
export interface Side {
  readonly name: string;
  /** Adds a listener while a token is held; resolves to the function that removes it. */
  subscribe(onToken: () => void): Promise<() => void>;
  /** Fetches a new token and calls every listener; resolves when all have been called. */
  rotate(): Promise<void>;
  close(): void;
}

export function ours(): Side {
  const credentials = createCredentialsProvider(
    { requestToken: () => Promise.resolve(rawToken(token())) },
    { minRequestIntervalMs: 50 },
  );
  return {
    name: '@entraid/core',
    async subscribe(onToken) {
      const [, subscription] = await credentials.subscribe({ onNext: onToken });
      return () => subscription.dispose();
    },
    async rotate() {
      await credentials.tokenManager.getToken({ forceRefresh: true });
    },
    close: () => credentials.close(),
  };
}

/** `@redis/entraid` 6.1.0 with a TokenCredential that answers from memory. */
export function incumbent(): Side {
  const provider = EntraIdCredentialsProviderFactory.createForDefaultAzureCredential({
    // Its types ask for a class of @azure/core-auth's; it uses getToken alone.
    credential: {
      getToken: () =>
        Promise.resolve({ token: token(), expiresOnTimestamp: Date.now() + HOUR_SECONDS * 1000 }),
    },
    scopes: 'https://redis.azure.com/.default',
    tokenManagerConfig: { expirationRefreshRatio: 0.7 },
  });
  const manager = provider.getTokenManager() as unknown as { refresh(): Promise<void> };
  return {
    name: '@redis/entraid 6.1.0',
    async subscribe(onToken) {
      const [, subscription] = await provider.subscribe({ onNext: onToken, onError: () => {} });
      return () => subscription.dispose();
    },
    rotate: () => manager.refresh(),
    close() {},
  };
}

let issued = 0;

function token(): string {
  const iat = Math.floor(Date.now() / 1000);
  return unsignedJwt({ oid: 'user', iat, exp: iat + HOUR_SECONDS, uti: issued++ });
}
