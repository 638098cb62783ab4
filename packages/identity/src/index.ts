export type { AuthorityOptions } from './authority.js';
export { type ClientSecretOptions, clientSecret } from './client-secret.js';
export type { Cloud } from './cloud.js';
export type { ConfidentialClientOptions } from './confidential-client-options.js';
export type { NetworkClient, NetworkRequest, NetworkResponse } from './network-client.js';
export { REDIS_APPLICATION_ID, REDIS_RESOURCE, REDIS_SCOPE_DEFAULT } from './scopes.js';
