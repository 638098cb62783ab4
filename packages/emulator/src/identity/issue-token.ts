import { EmulatorError } from '../emulator-error.js';
import { checkBoolean, checkGuid, checkKnownOptions, checkText } from '../option-checks.js';
import { type AccessTokenSubject, expirySeconds, REDIS_RESOURCE } from './access-token.js';
import type { EntraTenant } from './entra-tenant.js';
import { checkTokenLifetime } from './identity-options.js';

/** A token made without a request. What is not given is as in a token of the first client. */
export interface IssueTokenOptions {
  /** `oid` and `sub`, a GUID. */
  readonly objectId?: string;
  /** `appid`, a GUID. */
  readonly clientId?: string;
  /** `tid`, and the tenant in `iss` and `idp`, a GUID. */
  readonly tenantId?: string;
  /** `aud`. Default: `https://redis.azure.com`. */
  readonly audience?: string;
  /** Life in ms, 1000 to 100800000. Default: the emulator's `tokenLifetimeMs`. */
  readonly lifetimeMs?: number;
  /** True for a token whose life ended a minute ago; excludes `lifetimeMs`. Default: false. */
  readonly expired?: boolean;
}

const EXPIRED_FOR_MS = 60_000;

/** Throws `INVALID_OPTION` naming the option, its range and the value. */
export function tokenSubject(
  options: IssueTokenOptions,
  tenant: EntraTenant,
  nowMs: number,
): AccessTokenSubject {
  checkKnownOptions('issueToken', options, [
    'objectId',
    'clientId',
    'tenantId',
    'audience',
    'lifetimeMs',
    'expired',
  ]);
  const { first } = tenant.clients;
  const { objectId = first.objectId, clientId = first.clientId, tenantId = tenant.tenantId } = options;
  const { audience = REDIS_RESOURCE, lifetimeMs, expired = false } = options;
  if (checkBoolean('expired', expired) && lifetimeMs !== undefined) {
    throw new EmulatorError('INVALID_OPTION', 'an expired token has no lifetimeMs: leave one of the two out');
  }
  const life = checkTokenLifetime('lifetimeMs', lifetimeMs ?? tenant.tokenLifetimeMs);
  return {
    tenantId: checkGuid('tenantId', tenantId),
    clientId: checkGuid('clientId', clientId),
    objectId: checkGuid('objectId', objectId),
    audience: checkText('audience', audience),
    expiresAtSeconds: expirySeconds(nowMs, expired ? -EXPIRED_FOR_MS : life),
    authenticationClass: '1',
  };
}
