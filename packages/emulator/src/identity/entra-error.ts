/** A refusal before it is worded: the fields of Entra's error response that differ from case to case. */
export interface EntraRefusal {
  readonly status: number;
  /** The OAuth 2.0 error code, which is what clients should act on. */
  readonly error: string;
  /** The number behind `AADSTS`, which is for people. */
  readonly errorCode: number;
  readonly message: string;
  readonly retryAfterSeconds?: number;
}

/** Body of an error response, field by field as Entra sends it. */
export interface EntraErrorBody {
  readonly error: string;
  readonly error_description: string;
  readonly error_codes: readonly number[];
  readonly timestamp: string;
  readonly trace_id: string;
  readonly correlation_id: string;
  readonly error_uri: string;
}

/** Words `refusal` as Entra does (learn.microsoft.com/entra/identity-platform/reference-error-codes#handling-error-codes-in-your-application). */
export function entraErrorBody(
  refusal: EntraRefusal,
  { traceId, correlationId }: { readonly traceId: string; readonly correlationId: string },
  nowMs: number,
): EntraErrorBody {
  const timestamp = `${new Date(nowMs).toISOString().slice(0, 19).replace('T', ' ')}Z`;
  return {
    error: refusal.error,
    error_description:
      `AADSTS${refusal.errorCode}: ${refusal.message}` +
      `\r\nTrace ID: ${traceId}\r\nCorrelation ID: ${correlationId}\r\nTimestamp: ${timestamp}`,
    error_codes: [refusal.errorCode],
    timestamp,
    trace_id: traceId,
    correlation_id: correlationId,
    error_uri: `https://login.microsoftonline.com/error?code=${refusal.errorCode}`,
  };
}

/** The refusals of the emulated endpoints. Sources: the error code reference, and error bodies quoted in public issues. */
export const refusals = {
  tenantNotFound: (tenant: string, error: 'invalid_request' | 'invalid_tenant'): EntraRefusal => ({
    status: 400,
    error,
    errorCode: 90002,
    message:
      `Tenant '${tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct ` +
      'cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.',
  }),
  tenantRequired: (): EntraRefusal => ({
    status: 400,
    error: 'invalid_request',
    errorCode: 9001023,
    message:
      'The grant type is not supported over the /common or /consumers endpoints. ' +
      'Please use the /organizations or tenant-specific endpoint.',
  }),
  tenantUnknowable: (): EntraRefusal => ({
    status: 400,
    error: 'invalid_request',
    errorCode: 50059,
    message:
      'No tenant-identifying information found in either the request or implied by any provided credentials.',
  }),
  methodNotAllowed: (method: string): EntraRefusal => ({
    status: 400,
    error: 'invalid_request',
    errorCode: 900561,
    message: `The endpoint only accepts POST requests. Received a ${method} request.`,
  }),
  parameterMissing: (name: string): EntraRefusal => ({
    status: 400,
    error: 'invalid_request',
    errorCode: 900144,
    message: `The request body must contain the following parameter: '${name}'.`,
  }),
  grantNotSupported: (grant: string): EntraRefusal => ({
    status: 400,
    error: 'unsupported_grant_type',
    errorCode: 70003,
    message: `The app requested an unsupported grant type '${grant}'.`,
  }),
  clientNotFound: (clientId: string, tenant: string): EntraRefusal => ({
    status: 400,
    error: 'unauthorized_client',
    errorCode: 700016,
    message:
      `Application with identifier '${clientId}' was not found in the directory '${tenant}'. This can happen if the ` +
      'application has not been installed by the administrator of the tenant or consented to by any user in the tenant. ' +
      'You may have sent your authentication request to the wrong tenant.',
  }),
  credentialMissing: (): EntraRefusal => ({
    status: 401,
    error: 'invalid_client',
    errorCode: 7000218,
    message: "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
  }),
  secretWrong: (clientId: string): EntraRefusal => ({
    status: 401,
    error: 'invalid_client',
    errorCode: 7000215,
    message:
      'Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, ' +
      `not the client secret ID, for a secret added to app '${clientId}'.`,
  }),
  assertionKeyUnknown: (clientId: string): EntraRefusal => ({
    status: 401,
    error: 'invalid_client',
    errorCode: 700027,
    message:
      'The certificate with identifier used to sign the client assertion is not registered on application. ' +
      `[Reason - The key was not found. Configured keys are listed for app Id '${clientId}'.]`,
  }),
  scopeInvalid: (scope: string): EntraRefusal => ({
    status: 400,
    error: 'invalid_scope',
    errorCode: 70011,
    message:
      "The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' " +
      `is not valid. The scope ${scope} is not valid.`,
  }),
  scopeNotDefault: (scope: string): EntraRefusal => ({
    status: 400,
    error: 'invalid_scope',
    errorCode: 1002012,
    message:
      `The provided value for scope ${scope} is not valid. Client credential flows must have a scope value with ` +
      '/.default suffixed to the resource identifier (application ID URI).',
  }),
  resourceNotFound: (resource: string, tenant: string): EntraRefusal => ({
    status: 400,
    error: 'invalid_resource',
    errorCode: 500011,
    message:
      `The resource principal named ${resource} was not found in the tenant named ${tenant}. This can happen if the ` +
      'application has not been installed by the administrator of the tenant or consented to by any user in the tenant. ' +
      'You might have sent your authentication request to the wrong tenant.',
  }),
  instanceUnknown: (): EntraRefusal => ({
    status: 400,
    error: 'invalid_instance',
    errorCode: 50049,
    message: 'Unknown or invalid instance.',
  }),
} as const;
