import { describe, expect, it } from '@jest/globals';
import { resolveAuthority } from '../src/authority.js';
import { resolveKnownAuthorities } from '../src/known-authorities.js';
import { TENANT_ID } from './fixtures/entra-stub.js';
import { rejection } from './fixtures/rejection.js';

const microsoft = resolveAuthority({ tenantId: TENANT_ID });
const custom = resolveAuthority({
  authority: { type: 'custom', authority: 'https://login.contoso.com:8443/t' },
});

describe('resolveKnownAuthorities', () => {
  it('trusts the host of a custom authority, because the application spelt it out', () => {
    expect(resolveKnownAuthorities(custom, {})).toEqual(['login.contoso.com:8443']);
    expect(resolveKnownAuthorities(custom, { disableInstanceDiscovery: true })).toEqual([
      'login.contoso.com:8443',
    ]);
  });

  it('leaves the host to be vouched for by Microsoft when disableInstanceDiscovery is false', () => {
    expect(resolveKnownAuthorities(custom, { disableInstanceDiscovery: false })).toEqual([]);
  });

  it("adds nothing for Microsoft's own hosts, whose endpoints MSAL has built in", () => {
    expect(resolveKnownAuthorities(microsoft, {})).toEqual([]);
    const alias = resolveAuthority({
      authority: { type: 'custom', authority: 'https://login.windows.net/t' },
    });
    expect(resolveKnownAuthorities(alias, {})).toEqual([]);
  });

  it('takes hosts, hosts with a port, and https URLs, each once', () => {
    const knownAuthorities = [
      'Issuer.contoso.com',
      'issuer.contoso.com:444',
      'https://issuer.contoso.com/t',
      '[::1]:8443',
    ];
    expect(resolveKnownAuthorities(custom, { knownAuthorities })).toEqual([
      'issuer.contoso.com',
      'issuer.contoso.com:444',
      '[::1]:8443',
      'login.contoso.com:8443',
    ]);
  });

  it.each([
    [''],
    [' '],
    ['http://issuer.contoso.com'],
    ['https://'],
    ['a b'],
    ['https://u:p@issuer.contoso.com'],
    [7],
    [null],
  ])('refuses the entry %p and says which one it is', async (entry) => {
    const error = await rejection(() =>
      resolveKnownAuthorities(custom, { knownAuthorities: ['a.com', entry] }),
    );
    expect(error.code).toBe('INVALID_OPTION');
    expect(error.message).toContain('knownAuthorities[1]');
  });

  it.each([['login.contoso.com'], [null], [{}]])(
    'refuses %p, which is not an array',
    async (knownAuthorities) => {
      const error = await rejection(() => resolveKnownAuthorities(custom, { knownAuthorities }));
      expect(error.message).toContain('knownAuthorities must be an array');
    },
  );

  it.each([['true'], [null], [0]])(
    'refuses %p as disableInstanceDiscovery',
    async (disableInstanceDiscovery) => {
      const error = await rejection(() => resolveKnownAuthorities(custom, { disableInstanceDiscovery }));
      expect(error.message).toContain('disableInstanceDiscovery must be true or false');
    },
  );
});
