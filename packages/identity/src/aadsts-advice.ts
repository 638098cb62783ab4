import { REDIS_APPLICATION_ID, REDIS_SCOPE_DEFAULT } from './scopes.js';

const ADD_REDIS =
  'The tenant has no service principal of the resource. For Redis an administrator creates it once with ' +
  `"az ad sp create --id ${REDIS_APPLICATION_ID}"; where the resource is known by its id only, set scopes to ` +
  `["${REDIS_APPLICATION_ID}/.default"].`;
const CHECK_SCOPE = `The scope must be one resource followed by /.default; for Redis ${REDIS_SCOPE_DEFAULT}.`;
const CHECK_CLIENT_ID =
  'Check that clientId is the application (client) id, not an object id, and that tenantId is the tenant in which the ' +
  'application is registered or installed.';
const CHECK_TENANT =
  'Check tenantId (a GUID or a verified domain name) and cloud: a tenant of a sovereign cloud is known there only.';
const CHECK_CLOUD =
  'The tenant belongs to another cloud: set cloud (or a custom authority) to the one it lives in.';
const CHECK_CLOCK = 'Set the clock of this machine: an assertion is valid for minutes only.';
const CHECK_FEDERATION =
  "Compare the token's issuer, subject and audience with the application's federated credential; they are case-sensitive.";
const ENABLE_APPLICATION =
  'An administrator of the tenant must enable the application again (Enterprise applications).';
const ASK_ADMINISTRATOR =
  'A policy of the tenant blocks the application; its sign-in log (service principals) names the policy.';
const CONSENT = 'An administrator of the tenant must grant the application consent for the resource.';
const REGISTER_CERTIFICATE =
  'The certificate is not among those registered for the application, or the private key belongs to another one.';

/**
 * What to do about a code of Entra ID. For people: Microsoft changes the codes and tells programs not to rely on them.
 *
 * Sources: learn.microsoft.com/entra/identity-platform/reference-error-codes; for the Redis service principal
 * learn.microsoft.com/azure/redis/entra-for-authentication.
 */
const ADVICE: ReadonlyMap<string, string> = new Map([
  [
    '7000215',
    "Check that clientSecret is the secret's value, not its id (a GUID), and that it belongs to this application.",
  ],
  [
    '7000222',
    'The secret has expired: create a new one (App registrations > Certificates & secrets) and configure it.',
  ],
  [
    '7000218',
    'The application is registered as confidential and no credential reached Entra ID; check what lies between.',
  ],
  ['70002', "Check that clientSecret is the secret's value and that it belongs to this application."],
  [
    '700025',
    'The application is registered as a public client; register it as a confidential one to use a credential.',
  ],
  ['700016', CHECK_CLIENT_ID],
  ['700011', CHECK_CLIENT_ID],
  ['7000112', ENABLE_APPLICATION],
  ['70001', `${CHECK_CLIENT_ID} Or the application is disabled.`],
  ['1000031', ENABLE_APPLICATION],
  ['90002', CHECK_TENANT],
  ['90019', CHECK_TENANT],
  ['50059', CHECK_TENANT],
  ['50128', CHECK_TENANT],
  ['90013', CHECK_TENANT],
  ['900382', CHECK_CLOUD],
  ['900432', CHECK_CLOUD],
  ['90038', CHECK_CLOUD],
  [
    '50049',
    'Microsoft does not know the authority host; leave disableInstanceDiscovery at true, or list it in knownAuthorities.',
  ],
  ['9001023', 'Give the tenant: client credentials do not work at /common or /consumers.'],
  ['50194', 'Give the tenant in which the application is registered: it is not a multi-tenant application.'],
  ['500011', ADD_REDIS],
  ['50001', ADD_REDIS],
  ['650052', ADD_REDIS],
  ['650057', ADD_REDIS],
  ['70011', CHECK_SCOPE],
  ['1002012', CHECK_SCOPE],
  ['700022', CHECK_SCOPE],
  ['700023', CHECK_SCOPE],
  ['28002', CHECK_SCOPE],
  ['65001', CONSENT],
  ['90094', CONSENT],
  ['53003', ASK_ADMINISTRATOR],
  ['530032', ASK_ADMINISTRATOR],
  ['500021', ASK_ADMINISTRATOR],
  ['700024', CHECK_CLOCK],
  ['700027', REGISTER_CERTIFICATE],
  ['700030', REGISTER_CERTIFICATE],
  ['50012', REGISTER_CERTIFICATE],
  ['70021', CHECK_FEDERATION],
  ['700211', CHECK_FEDERATION],
  ['700212', CHECK_FEDERATION],
  ['700213', CHECK_FEDERATION],
  [
    '50196',
    'The application asked for too many tokens: share one provider and one token manager within a process.',
  ],
  ['90055', 'The tenant is being throttled: share one provider and one token manager within a process.'],
  [
    'invalid_client',
    'Check the credential of the application: its value, its expiry, and that it belongs to this application.',
  ],
  ['unauthorized_client', CHECK_CLIENT_ID],
  ['invalid_scope', CHECK_SCOPE],
  ['invalid_resource', ADD_REDIS],
  ['invalid_tenant', CHECK_TENANT],
  [
    'invalid_instance',
    'Microsoft does not know the authority host; leave disableInstanceDiscovery at true, or list it in knownAuthorities.',
  ],
  ['interaction_required', ASK_ADMINISTRATOR],
  ['consent_required', CONSENT],
]);

/** Faults of the service that it may report with a status of 400 (same page: "transient", "temporarily", "retryable"). */
const TRANSIENT: ReadonlySet<string> = new Set([
  '50033',
  '50196',
  '90006',
  '90012',
  '90024',
  '90033',
  '90055',
  '90090',
]);

/** The advice for the first code that has one. `codes` are AADSTS numbers and OAuth errors, the most specific first. */
export function adviceFor(codes: readonly (string | undefined)[]): string | undefined {
  for (const code of codes) {
    const advice = code === undefined ? undefined : ADVICE.get(code);
    if (advice !== undefined) return advice;
  }
  return undefined;
}

/** Whether the AADSTS number stands for a fault that passes by itself. */
export function isTransientAadsts(number: string | undefined): boolean {
  return number !== undefined && TRANSIENT.has(number);
}
