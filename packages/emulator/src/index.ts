export type { CertificateAuthority, ServerCertificate } from './certificate-authority.js';
export { type Emulator, type EmulatorRedis, startEmulator } from './emulator.js';
export { EmulatorError, type EmulatorErrorCode } from './emulator-error.js';
export type { EmulatorOptions, EmulatorRedisOptions } from './emulator-options.js';
export type { TypedEventSource } from './event-hub.js';
export { REDIS_RESOURCE, REDIS_RESOURCE_APP_ID, REDIS_SCOPE } from './identity/access-token.js';
export type { ClientOptions, RegisteredClient } from './identity/client-registry.js';
export type { IdentityEvents, IdentityRequestEvent, TokenRequestEvent } from './identity/entra-tenant.js';
export { type IdentityEmulator, startIdentityEmulator } from './identity/identity-emulator.js';
export type { TokenFailure } from './identity/identity-faults.js';
export type { IdentityOptions } from './identity/identity-options.js';
export type { IssueTokenOptions } from './identity/issue-token.js';
export type { JsonWebKey, JsonWebKeySet } from './identity/signing-key.js';
export {
  type TokenRefusalReason,
  type TokenVerdict,
  TokenVerifier,
  type TokenVerifierOptions,
} from './identity/token-verifier.js';
export type { AuthenticationKind } from './redis/authentication-command.js';
export type {
  AuthEvent,
  ClosedEvent,
  CloseReason,
  ConnectionEvent,
  GateEvents,
  GateRefusalReason,
} from './redis/gate-events.js';
export { type OpenConnection, RedisGate, type RedisGateOptions } from './redis/redis-gate.js';
export { type RedisServer, type RedisServerOptions, startRedisServer } from './redis/redis-server.js';
export { ERR_WRONGPASS, WRONGPASS } from './redis/refusal-text.js';
export type { ServerAccess } from './redis/server-access.js';
