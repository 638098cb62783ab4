export {
  type AccessTokenPayload,
  type AuthResultPayload,
  accessToken,
  authResult,
  CredentialsProvider,
  type CredentialsProviderOptions,
  type CredentialsSource,
  createCredentialsProvider,
  createResponseParser,
  type DiagnosticsEvents,
  EntraIdError,
  type EntraIdErrorCode,
  type ExpiryPolicy,
  type IdentityProvider,
  type IdentityProviderResponse,
  type IdentityProviderResponseParser,
  isEntraIdError,
  type ReauthenticationObserver,
  type ReauthenticatorOptions,
  type RequestTokenOptions,
  type RetryPolicy,
  rawToken,
  type Token,
  TokenManager,
  type TokenManagerOptions,
  type TokenManagerStatus,
} from '@entraid/core';
export { attach } from './attach.js';
export { createRedis, type RedisOptionsOf, type ReplyMapping } from './create-redis.js';
export type { RedisCredentials } from './credentials.js';
export type { AnyRedis } from './ioredis-internals.js';
export { withCredentials } from './with-credentials.js';
