import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type IdentityEmulator, startIdentityEmulator } from '../src/index.js';
import { httpsRequest } from './https-client.js';

let identity: IdentityEmulator;

beforeAll(async () => {
  identity = await startIdentityEmulator();
});

afterAll(() => identity.close());

async function get(path: string, host = identity.authorityHost) {
  // Node.js 22.23 compares ::1 with the long form that a certificate has, and finds them different.
  const response = await httpsRequest(`${host}${path}`, { ca: identity.ca, servername: 'localhost' });
  return { status: response.status, body: response.json() };
}

describe('OpenID configuration', () => {
  it('has what MSAL reads, with the issuer on the scheme, host and port of the authority', async () => {
    const { status, body } = await get(`/${identity.tenantId}/v2.0/.well-known/openid-configuration`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      issuer: `${identity.authority}/v2.0`,
      token_endpoint: `${identity.authority}/oauth2/v2.0/token`,
      authorization_endpoint: `${identity.authority}/oauth2/v2.0/authorize`,
      end_session_endpoint: `${identity.authority}/oauth2/v2.0/logout`,
      jwks_uri: `${identity.authority}/discovery/v2.0/keys`,
    });
  });

  it.each(['127.0.0.1', '[::1]'])('speaks of %s when asked there', async (name) => {
    const host = `https://${name}:${identity.port}`;
    const { body } = await get(`/${identity.tenantId}/v2.0/.well-known/openid-configuration`, host);
    expect(body['issuer']).toBe(`${host}/${identity.tenantId}/v2.0`);
  });

  it('speaks of localhost when the Host header names a stranger', async () => {
    const response = await httpsRequest(`${identity.authority}/v2.0/.well-known/openid-configuration`, {
      ca: identity.ca,
      headers: { host: 'evil.example' },
      servername: 'localhost',
    });
    expect(response.json()['issuer']).toBe(`${identity.authority}/v2.0`);
  });

  it.each(['common', 'organizations', 'consumers'])(
    'leaves the tenant of /%s open in its issuer',
    async (alias) => {
      const { body } = await get(`/${alias}/v2.0/.well-known/openid-configuration`);
      expect(body['issuer']).toBe(`${identity.authorityHost}/{tenantid}/v2.0`);
      expect(body['token_endpoint']).toBe(`${identity.authorityHost}/${alias}/oauth2/v2.0/token`);
    },
  );

  it.each(['v2.0/.well-known/openid-configuration', 'discovery/v2.0/keys'])(
    'refuses an unknown tenant at %s with invalid_tenant 90002',
    async (path) => {
      const { status, body } = await get(`/${randomUUID()}/${path}`);
      expect(status).toBe(400);
      expect(body).toMatchObject({ error: 'invalid_tenant', error_codes: [90002] });
    },
  );
});

describe('key set', () => {
  it('lists the public key with its certificate, and nothing private', async () => {
    const { body } = await get(`/${identity.tenantId}/discovery/v2.0/keys`);
    expect(body).toEqual(identity.jwks);
    const [key] = identity.jwks.keys;
    expect(Object.keys(key ?? {}).sort()).toEqual(['e', 'kid', 'kty', 'n', 'use', 'x5c', 'x5t']);
    const { X509Certificate, createPublicKey } = await import('node:crypto');
    const certificate = new X509Certificate(Buffer.from(key?.x5c[0] ?? '', 'base64'));
    expect(Buffer.from(certificate.fingerprint.replaceAll(':', ''), 'hex').toString('base64url')).toBe(
      key?.kid,
    );
    expect(certificate.publicKey.export({ format: 'jwk' })['n']).toBe(key?.n);
    expect(createPublicKey(certificate.toString()).asymmetricKeyDetails?.modulusLength).toBe(2048);
  });
});

describe('instance discovery', () => {
  it('knows its own host, and where to go on', async () => {
    const endpoint = encodeURIComponent(`${identity.authority}/oauth2/v2.0/authorize`);
    const { status, body } = await get(
      `/common/discovery/instance?api-version=1.1&authorization_endpoint=${endpoint}`,
    );
    const host = `localhost:${identity.port}`;
    expect(status).toBe(200);
    expect(body).toEqual({
      tenant_discovery_endpoint: `${identity.authority}/v2.0/.well-known/openid-configuration`,
      'api-version': '1.1',
      metadata: [{ preferred_network: host, preferred_cache: host, aliases: [host] }],
    });
  });

  it.each(['https://evil.example/x/oauth2/v2.0/authorize', 'no address', ''])(
    'refuses %j',
    async (endpoint) => {
      const { status, body } = await get(
        `/common/discovery/instance?authorization_endpoint=${encodeURIComponent(endpoint)}`,
      );
      expect(status).toBe(400);
      expect(body).toMatchObject({ error: 'invalid_instance', error_codes: [50049] });
    },
  );
});
