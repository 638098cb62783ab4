export {
  type AccessTokenPayload,
  type AuthResultPayload,
  accessToken,
  authResult,
  CredentialsProvider,
  type CredentialsProviderOptions,
  type CredentialsSource,
  createResponseParser,
  EntraIdError,
  type EntraIdErrorCode,
  type IdentityProvider,
  type IdentityProviderResponse,
  type IdentityProviderResponseParser,
  isEntraIdError,
  type ReauthenticatorOptions,
  type RequestTokenOptions,
  type RetryPolicy,
  rawToken,
  type Token,
  TokenManager,
  type TokenManagerOptions,
  type TokenManagerStatus,
} from '@entraid/core';
export {
  createCredentialsProvider,
  type NodeRedisCredentialsProviderOptions,
} from './create-credentials-provider.js';
export type { NodeRedisCredentialsProvider } from './node-redis-credentials-provider.js';
export type {
  StreamingCredentials,
  StreamingCredentialsListener,
  StreamingCredentialsProvider,
  StreamingCredentialsSubscription,
} from './streaming-credentials.js';
