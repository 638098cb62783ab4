/** A variable that the example cannot do without. */
export function required(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`set ${name}`);
  return value;
}

/** The application's identity, as the Azure SDKs name its parts. */
export interface Identity {
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Where to ask, if not at login.microsoftonline.com. */
  readonly authority?: { readonly type: 'custom'; readonly authority: string };
}

export function identityFromEnvironment(): Identity {
  const tenantId = required('AZURE_TENANT_ID');
  const host = process.env['AZURE_AUTHORITY_HOST'];
  return {
    tenantId,
    clientId: required('AZURE_CLIENT_ID'),
    clientSecret: required('AZURE_CLIENT_SECRET'),
    ...(host === undefined ? {} : { authority: { type: 'custom', authority: `${host}/${tenantId}` } }),
  };
}
