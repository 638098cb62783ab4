import { Sha256 } from '@aws-crypto/sha256-js';
import {
  accessToken,
  type Clock,
  type CredentialsProviderOptions,
  checkBoolean,
  checkFunction,
  checkKnownOptions,
  checkString,
  createResponseParser,
  EntraIdError,
  type IdentityProvider,
  systemClock,
} from '@entraid/core';
import { SignatureV4 } from '@smithy/signature-v4';

/** What the AWS SDK's credential providers resolve to (`AwsCredentialIdentity` of @smithy/types 4). */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of temporary credentials. */
  readonly sessionToken?: string;
  /** When temporary credentials end, and whatever was signed with them. */
  readonly expiration?: Date;
}

/** Which cache to sign in to, as whom. */
export interface ElastiCacheIamOptions {
  /** Name of the serverless cache, or id of the replication group: the name that IAM policies use, not the endpoint. */
  readonly cacheName: string;
  /** Id of the ElastiCache user with IAM authentication. AWS requires the user's name to be the same. */
  readonly userId: string;
  /** e.g. `eu-west-1`. */
  readonly region: string;
  /** Asked with each request: `fromNodeProviderChain()` of `@aws-sdk/credential-providers`, which caches for itself. */
  readonly credentials: () => Promise<AwsCredentials>;
  /** Whether the cache is a serverless one. Default `false`. */
  readonly serverless?: boolean;
  /** Where the time of signing comes from. Default: the machine's clocks. AWS refuses a token from the future. */
  readonly clock?: Clock;
}

/** AWS accepts a token for 15 minutes after it was signed. */
const TOKEN_LIFE_S = 900;

/** AWS closes a connection 12 h after its last AUTH or HELLO. */
const MAX_CONNECTION_AGE_MS = 43_200_000;

/**
 * IAM sign-in to AWS ElastiCache for Valkey 7.2 or Redis OSS 7.0 and later: the token is a presigned request
 * (Signature Version 4, `Action=connect`) without its `http://`. Use it with {@link elastiCacheOptions}, and with TLS,
 * which AWS requires. Each request signs anew, without any call to AWS but those of `credentials`.
 *
 * The token ends 15 minutes after its signing, or with the temporary credentials it was signed with if that is earlier.
 * Rejects with whatever `credentials` rejects with, which is retried. Throws `INVALID_OPTION`.
 *
 * Sources: docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth-iam.html (limits, request, lower-case cache name),
 * docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html (presigned requests), @smithy/signature-v4 5.
 *
 * @example
 * createCredentialsProvider(
 *   elastiCacheIam({ cacheName: 'cache-01', userId: 'iam-user-01', region: 'eu-west-1', credentials: fromNodeProviderChain() }),
 *   elastiCacheOptions('iam-user-01'),
 * );
 */
export function elastiCacheIam(options: ElastiCacheIamOptions): IdentityProvider {
  checkKnownOptions('elastiCacheIam', options, [
    'cacheName',
    'userId',
    'region',
    'credentials',
    'serverless',
    'clock',
  ]);
  const { credentials, serverless = false, clock = systemClock } = options;
  const cacheName = checkCacheName(options.cacheName);
  const userId = checkString('userId', options.userId);
  const region = checkString('region', options.region);
  checkFunction('credentials', credentials);
  checkBoolean('serverless', serverless);
  checkFunction('clock.now', clock.now);

  return {
    async requestToken() {
      const identity = await credentials();
      // X-Amz-Date has no fractions of a second.
      const signedAtMs = Math.floor(clock.now() / 1000) * 1000;
      const signer = new SignatureV4({
        service: 'elasticache',
        region,
        credentials: identity,
        sha256: Sha256,
      });
      const { query = {} } = await signer.presign(
        {
          method: 'GET',
          protocol: 'http:',
          hostname: cacheName,
          path: '/',
          headers: { host: cacheName },
          query: {
            Action: 'connect',
            User: userId,
            ...(serverless ? { ResourceType: 'ServerlessCache' } : {}),
          },
        },
        { signingDate: new Date(signedAtMs), expiresIn: TOKEN_LIFE_S },
      );
      const parameters = Object.entries(query).map(([name, value]) => `${name}=${percentEncoded(value)}`);
      return accessToken({
        token: `${cacheName}/?${parameters.join('&')}`,
        expiresOnTimestamp: Math.min(
          signedAtMs + TOKEN_LIFE_S * 1000,
          identity.expiration?.getTime() ?? Number.POSITIVE_INFINITY,
        ),
      });
    },
  };
}

/**
 * What a credentials provider of {@link elastiCacheIam} needs to know: the Redis user, which the token does not tell, and
 * that a connection lives for 12 h after its last sign-in, however old its token. Spread it to add options of your own.
 */
export function elastiCacheOptions(userId: string): CredentialsProviderOptions {
  const username = checkString('userId', userId);
  return {
    responseParser: createResponseParser({ credentialsMapper: () => ({ username }) }),
    reauthentication: { expiryPolicy: { maxConnectionAgeMs: MAX_CONNECTION_AGE_MS } },
  };
}

/** AWS lower-cases the name when it creates the cache, and compares it as it is when it verifies a token. */
function checkCacheName(value: string): string {
  const name = checkString('cacheName', value);
  if (/^[a-z][a-z0-9-]*$/i.test(name)) return name.toLowerCase();
  throw new EntraIdError(
    'INVALID_OPTION',
    `cacheName must be the cache's name (letters, digits and hyphens), not its endpoint, got ${name}`,
  );
}

/** RFC 3986 §2.3, as Signature Version 4 asks for: encodeURIComponent leaves !'()* alone. */
function percentEncoded(value: string | string[] | null): string {
  return encodeURIComponent(String(value)).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
