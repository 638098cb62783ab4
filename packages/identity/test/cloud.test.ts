import { describe, expect, it } from '@jest/globals';
import { resolveAuthority } from '../src/authority.js';
import { cloudAuthorityHost, isMicrosoftAuthorityHost } from '../src/cloud.js';
import { TENANT_ID } from './fixtures/entra-stub.js';
import { rejection } from './fixtures/rejection.js';

describe('cloud', () => {
  it.each([
    ['public', 'login.microsoftonline.com'],
    ['china', 'login.partner.microsoftonline.cn'],
    ['us-government', 'login.microsoftonline.us'],
    ['bleu', 'login.sovcloud-identity.fr'],
    ['delos', 'login.sovcloud-identity.de'],
    ['govsg', 'login.sovcloud-identity.sg'],
  ])('asks the %s cloud at %s', (cloud, host) => {
    expect(resolveAuthority({ tenantId: TENANT_ID, cloud }).url).toBe(`https://${host}/${TENANT_ID}`);
    expect(isMicrosoftAuthorityHost(host)).toBe(true);
    expect(isMicrosoftAuthorityHost(`${host}.example`)).toBe(false);
  });

  it('is public unless said otherwise', () => {
    expect(cloudAuthorityHost()).toBe('login.microsoftonline.com');
  });

  it.each([['germany'], ['PUBLIC'], [''], [null], [1]])('refuses %p and lists the names', async (cloud) => {
    const error = await rejection(() => cloudAuthorityHost(cloud));
    expect(error.code).toBe('INVALID_OPTION');
    expect(error.message).toContain('cloud must be one of public, china, us-government, bleu, delos, govsg');
  });

  it('refuses a cloud next to a custom authority, which names the host too', async () => {
    const authority = { type: 'custom', authority: 'https://login.contoso.com/t' };
    const error = await rejection(() => resolveAuthority({ authority, cloud: 'public' }));
    expect(error.code).toBe('INVALID_OPTION');
    expect(error.message).toContain('give one of them');
  });

  it('knows the other names of the same services, in any case', () => {
    for (const host of [
      'login.windows.net',
      'STS.windows.net',
      'login.chinacloudapi.cn',
      'login.usgovcloudapi.net',
    ]) {
      expect(isMicrosoftAuthorityHost(host)).toBe(true);
    }
    expect(isMicrosoftAuthorityHost('login.microsoftonline.com:8443')).toBe(false);
  });
});
