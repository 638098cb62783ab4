import {
  accessToken,
  type CredentialsProviderOptions,
  checkFunction,
  checkKnownOptions,
  createResponseParser,
  type IdentityProvider,
} from '@entraid/core';
import { GoogleAuth } from 'google-auth-library';

/** The part of google-auth-library's `GoogleAuth` that is used here (10.9). */
export interface GoogleAccessTokens {
  getClient(): Promise<{
    getAccessToken(): Promise<{ readonly token?: string | null }>;
    /** Of the token that was given last; `expiry_date` is in ms since the epoch. */
    readonly credentials: { readonly expiry_date?: number | null };
  }>;
}

/** Whose access tokens to sign in with. */
export interface MemorystoreIamOptions {
  /** Default: the application default credentials, with the scope `cloud-platform`. */
  readonly auth?: GoogleAccessTokens;
}

const SCOPE = 'https://www.googleapis.com/auth/cloud-platform';

/**
 * IAM sign-in to Google Memorystore for Valkey or for Redis Cluster: the password is an access token of a principal that
 * has the role `roles/memorystore.dbConnectionUser` or `roles/redis.dbConnectionUser`. Use it with
 * {@link memorystoreOptions}. The token lives for an hour by default.
 *
 * google-auth-library and Google's metadata server keep a token until 5 minutes before its end and give it again until
 * then: the token manager takes that as the same token and asks again when they let go of it. So `forceRefresh` can do no
 * more here. Rejects with the library's own error, which is classified and retried. Throws `INVALID_OPTION`.
 *
 * Sources: docs.cloud.google.com/memorystore/docs/valkey/about-iam-auth and .../docs/cluster/about-iam-auth (roles,
 * token life), cloud.google.com/compute/docs/access/authenticate-workloads (5 minutes), google-auth-library 10.9
 * (`eagerRefreshThresholdMillis`).
 *
 * @example
 * createCredentialsProvider(memorystoreIam(), memorystoreOptions());
 */
export function memorystoreIam(options: MemorystoreIamOptions = {}): IdentityProvider {
  checkKnownOptions('memorystoreIam', options, ['auth']);
  const { auth = new GoogleAuth({ scopes: SCOPE }) } = options;
  checkFunction('auth.getClient', auth.getClient);

  return {
    async requestToken() {
      const client = await auth.getClient();
      const { token } = await client.getAccessToken();
      const { expiry_date: expiresAtMs } = client.credentials;
      return accessToken({
        token: token ?? '',
        ...(typeof expiresAtMs === 'number' ? { expiresOnTimestamp: expiresAtMs } : {}),
      });
    },
  };
}

/**
 * What a credentials provider of {@link memorystoreIam} needs to know: `default` is the only user that Memorystore
 * supports with IAM (docs.cloud.google.com/memorystore/docs/valkey/manage-iam-auth, error messages), and a connection
 * that has signed in goes on when its token has expired (about-iam-auth), so no live connection ever sends AUTH.
 */
export function memorystoreOptions(): CredentialsProviderOptions {
  return {
    responseParser: createResponseParser({ credentialsMapper: () => ({ username: 'default' }) }),
    reauthentication: { expiryPolicy: 'connect-only' },
  };
}
