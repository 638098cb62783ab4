import { describe, expect, it } from '@jest/globals';
import { type AuthoritySettings, resolveAuthority } from '../src/authority.js';
import { TENANT_ID } from './fixtures/entra-stub.js';
import { rejection } from './fixtures/rejection.js';

async function refusalOf(settings: AuthoritySettings): Promise<string> {
  const error = await rejection(() => resolveAuthority(settings));
  expect(error.code).toBe('INVALID_OPTION');
  return error.message;
}

describe('resolveAuthority', () => {
  it('A1: refuses the default authority without a tenant, because client credentials have none at /common', async () => {
    expect(await refusalOf({ authority: { type: 'default' } })).toMatch(
      /^tenantId is missing: client credentials always need the tenant/,
    );
  });

  it('A2: takes no authority, or one without a type, for the default one', async () => {
    const url = `https://login.microsoftonline.com/${TENANT_ID}`;
    expect(resolveAuthority({ tenantId: TENANT_ID }).url).toBe(url);
    expect(resolveAuthority({ tenantId: TENANT_ID, authority: {} }).url).toBe(url);
    expect(await refusalOf({})).toContain('tenantId is missing');
    expect(await refusalOf({ tenantId: TENANT_ID, authority: { type: '' } })).toContain(
      'authority.type must be one of',
    );
  });

  it('A3: puts the tenant of the default authority into its URL', () => {
    expect(resolveAuthority({ tenantId: 'contoso.onmicrosoft.com', authority: { type: 'default' } })).toEqual(
      {
        url: 'https://login.microsoftonline.com/contoso.onmicrosoft.com',
        host: 'login.microsoftonline.com',
        tenantId: 'contoso.onmicrosoft.com',
      },
    );
  });

  it("A4: puts the tenant of a 'multi-tenant' authority into its URL", () => {
    const authority = { type: 'multi-tenant', tenantId: TENANT_ID };
    const url = `https://login.microsoftonline.com/${TENANT_ID}`;
    expect(resolveAuthority({ authority }).url).toBe(url);
    expect(resolveAuthority({ authority, tenantId: TENANT_ID.toUpperCase() }).url).toBe(url);
  });

  it("A5: refuses a 'multi-tenant' authority without its tenant, even next to a tenantId", async () => {
    for (const tenantId of [undefined, TENANT_ID]) {
      expect(await refusalOf({ authority: { type: 'multi-tenant' }, tenantId })).toContain(
        'authority.tenantId is missing',
      );
    }
  });

  it('A6: takes a custom authority as it is, but for its trailing slash and /v2.0', () => {
    for (const suffix of ['', '/', '/v2.0', '/v2.0/', '/V2.0']) {
      const authority = { type: 'custom', authority: `https://login.contoso.com:8443/${TENANT_ID}${suffix}` };
      expect(resolveAuthority({ authority })).toEqual({
        url: `https://login.contoso.com:8443/${TENANT_ID}`,
        host: 'login.contoso.com:8443',
        tenantId: TENANT_ID,
      });
    }
    const policy = { type: 'custom', authority: 'https://contoso.b2clogin.com/contoso.com/B2C_1_app' };
    expect(resolveAuthority({ authority: policy }).url).toBe(policy.authority);
  });

  it('A7: refuses a custom authority without its URL', async () => {
    expect(await refusalOf({ authority: { type: 'custom' } })).toContain('authority.authority');
    expect(await refusalOf({ authority: { type: 'custom', authority: '  ' } })).toContain(
      'authority.authority',
    );
  });

  it('A8: refuses an unknown type and names the three there are', async () => {
    expect(await refusalOf({ tenantId: TENANT_ID, authority: { type: 'single' } })).toBe(
      'authority.type must be one of default, multi-tenant, custom; got "single"',
    );
  });

  it.each([
    ['http:', 'http://login.contoso.com/t', 'must start with https:'],
    ['no scheme', 'login.contoso.com/t', 'must be a URL of the form https://host/tenant'],
    ['a port for a scheme', 'localhost:8443/t', 'must start with https:'],
    ['no tenant', 'https://login.contoso.com/', 'must name the tenant'],
    ['only a version', 'https://login.contoso.com/v2.0', 'must name the tenant'],
    ['a placeholder', 'https://login.microsoftonline.com/{tenant}', 'must be a tenant id'],
    ['/common', 'https://login.microsoftonline.com/common', 'no tenant at /common'],
    ['/organizations', 'https://login.microsoftonline.com/organizations/v2.0', 'no tenant at /organizations'],
    ['/consumers', 'https://login.microsoftonline.com/Consumers', 'no tenant at /consumers'],
    ['credentials', 'https://user:password@login.contoso.com/t', 'without credentials'],
    ['a query', 'https://login.contoso.com/t?a=b', 'without credentials, query or fragment'],
    ['a fragment', 'https://login.contoso.com/t#b', 'without credentials, query or fragment'],
  ])('refuses a custom authority with %s', async (_name, authority, message) => {
    const refused = await refusalOf({ authority: { type: 'custom', authority } });
    expect(refused).toContain(message);
    expect(refused).not.toContain('password@');
  });

  it.each(['common', 'organizations', 'consumers', 'Common'])('refuses the tenant %s', async (tenantId) => {
    const message = `no tenant at /${tenantId.toLowerCase()}`;
    expect(await refusalOf({ tenantId })).toContain(message);
    expect(await refusalOf({ authority: { type: 'multi-tenant', tenantId } })).toContain(message);
  });

  it.each([['a/b'], ['<tenant>'], ['a b'], ['tenant\n'], [' '], [Number.NaN], [null], [{}]])(
    'refuses the tenant %p, which is neither a GUID nor a domain name',
    async (tenantId) => {
      expect(await refusalOf({ tenantId })).toContain('tenantId must be');
    },
  );

  it('refuses a tenantId that differs from the tenant of the authority', async () => {
    const authority = { type: 'custom', authority: 'https://login.contoso.com/contoso.com' };
    expect(resolveAuthority({ authority, tenantId: 'Contoso.com' }).tenantId).toBe('contoso.com');
    expect(await refusalOf({ authority, tenantId: TENANT_ID })).toContain('differ; give it once');
    expect(
      await refusalOf({ authority: { type: 'multi-tenant', tenantId: 'a.com' }, tenantId: 'b.com' }),
    ).toContain('differ');
  });

  it('refuses options that belong to another type', async () => {
    expect(await refusalOf({ tenantId: 'a', authority: { type: 'default', tenantId: 'a' } })).toContain(
      "unknown option tenantId for authority of type 'default'",
    );
    expect(await refusalOf({ authority: { type: 'multi-tenant', tenantId: 'a', authority: 'x' } })).toContain(
      'authority',
    );
    expect(
      await refusalOf({ authority: { type: 'custom', authority: 'https://a/b', tenantId: 'b' } }),
    ).toContain('tenantId');
    expect(await refusalOf({ authority: { type: 'default', url: 'x' } })).toContain('unknown option url');
  });

  it.each([['https://login.microsoftonline.com/t'], [null], [[]], [7]])(
    'refuses %p as authority',
    async (authority) => {
      expect(await refusalOf({ tenantId: TENANT_ID, authority })).toContain('authority');
    },
  );
});
