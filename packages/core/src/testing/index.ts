export {
  type AdapterSubject,
  adapterContract,
  type ContractClient,
  type ContractServer,
  type ObservedSignIn,
} from './adapter-contract.js';
export type { RegisterTest } from './contract.js';
export { FakeClock } from './fake-clock.js';
export { type IdentityProviderSubject, identityProviderContract } from './identity-provider-contract.js';
export {
  type IdentityScript,
  ScriptedIdentityProvider,
  type ScriptedRequest,
} from './scripted-identity-provider.js';
export { unsignedJwt } from './unsigned-jwt.js';
