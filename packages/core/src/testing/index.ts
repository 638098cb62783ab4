export { FakeClock } from './fake-clock.js';
export {
  type IdentityScript,
  ScriptedIdentityProvider,
  type ScriptedRequest,
} from './scripted-identity-provider.js';
export { unsignedJwt } from './unsigned-jwt.js';
