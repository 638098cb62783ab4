export { type Clock, MAX_TIMER_MS, systemClock } from './clock.js';
export {
  CredentialsProvider,
  type CredentialsProviderOptions,
  type CredentialsSource,
  createCredentialsProvider,
} from './credentials-provider.js';
export type { DiagnosticsEvents } from './diagnostics.js';
export { EntraIdError, type EntraIdErrorCode, type EntraIdErrorDetails, isEntraIdError } from './errors.js';
export type { ExpiryPolicy } from './expiry-policy.js';
export { classifyFailure, type FailureClassification } from './failure-classification.js';
export type { GetTokenOptions } from './get-token-options.js';
export type { IdentityProvider, RequestTokenOptions } from './identity-provider.js';
export {
  type AccessTokenPayload,
  type AccessTokenResponse,
  type AuthResultPayload,
  type AuthResultResponse,
  accessToken,
  authResult,
  type IdentityProviderResponse,
  type RawTokenResponse,
  rawToken,
} from './identity-provider-response.js';
export type { JsonWebTokenClaims } from './json-web-token.js';
export {
  checkBoolean,
  checkFunction,
  checkKnownOptions,
  checkNumber,
  checkOneOf,
  checkString,
  type NumberRange,
} from './option-checks.js';
export type {
  ReauthenticationObserver,
  ReauthenticationRegistration,
  ReauthenticationTarget,
  ReauthenticatorOptions,
  ReauthenticatorStatus,
} from './reauthentication.js';
export { Reauthenticator } from './reauthenticator.js';
export { redactTokens } from './redact-tokens.js';
export { EXPIRY_MARGIN_MS, type RefreshPolicy, refreshAfterMs } from './refresh-time.js';
export {
  type CredentialsMapper,
  createResponseParser,
  type IdentityProviderResponseParser,
  type MappedCredentials,
  type ParseContext,
  type ResponseParserOptions,
  type TokenContents,
} from './response-parser.js';
export type { RetryPolicy } from './retry-policy.js';
export type { CredentialsListener, Subscription } from './subscription.js';
export { type Credentials, Token, type TokenInit } from './token.js';
export type { TokenListener } from './token-listener.js';
export { TokenManager } from './token-manager.js';
export type { TokenManagerOptions } from './token-manager-options.js';
export type {
  TokenManagerState,
  TokenManagerStateChange,
  TokenManagerStatus,
} from './token-manager-status.js';
