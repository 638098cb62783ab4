import { checkOneOf } from '@entraid/core';

/**
 * A cloud with an Entra ID of its own: `public` (the worldwide one), `china` (operated by 21Vianet), `us-government`,
 * and the partner-operated ones `bleu` (France), `delos` (Germany) and `govsg` (Singapore). The former Azure Germany
 * was closed in 2021.
 */
export type Cloud = 'public' | 'china' | 'us-government' | 'bleu' | 'delos' | 'govsg';

interface CloudHosts {
  /** The host that tokens are asked from. */
  readonly authorityHost: string;
  /** Other names of the same service. */
  readonly aliases: readonly string[];
}

/**
 * Authority hosts by cloud.
 *
 * Sources: `public`, `china`, `us-government` from learn.microsoft.com/entra/identity-platform/authentication-national-cloud;
 * `bleu`, `delos`, `govsg` and every alias from the metadata that msal-common 16.17 has built in
 * (`authority/AuthorityMetadata`), so that no host of this table costs a discovery request.
 */
const CLOUDS: { readonly [name in Cloud]: CloudHosts } = {
  public: {
    authorityHost: 'login.microsoftonline.com',
    aliases: ['login.windows.net', 'login.microsoft.com', 'sts.windows.net'],
  },
  china: { authorityHost: 'login.partner.microsoftonline.cn', aliases: ['login.chinacloudapi.cn'] },
  'us-government': { authorityHost: 'login.microsoftonline.us', aliases: ['login.usgovcloudapi.net'] },
  bleu: { authorityHost: 'login.sovcloud-identity.fr', aliases: [] },
  delos: { authorityHost: 'login.sovcloud-identity.de', aliases: [] },
  govsg: { authorityHost: 'login.sovcloud-identity.sg', aliases: [] },
};

const CLOUD_NAMES = Object.keys(CLOUDS) as readonly Cloud[];

const MICROSOFT_HOSTS: ReadonlySet<string> = new Set(
  Object.values(CLOUDS).flatMap(({ authorityHost, aliases }) => [authorityHost, ...aliases]),
);

/** The authority host of a cloud. Default `public`. Throws `INVALID_OPTION`. */
export function cloudAuthorityHost(cloud: unknown = 'public'): string {
  return CLOUDS[checkOneOf('cloud', cloud, CLOUD_NAMES)].authorityHost;
}

/** Whether `host` is one of Microsoft's own, which MSAL knows without asking anybody. */
export function isMicrosoftAuthorityHost(host: string): boolean {
  return MICROSOFT_HOSTS.has(host.toLowerCase());
}
