import { X509Certificate } from 'node:crypto';
import { access, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CertificateAuthority } from '../src/certificate-authority.js';
import { startIdentityEmulator } from '../src/index.js';
import { httpsRequest } from './https-client.js';

let authority: CertificateAuthority;

beforeAll(async () => {
  authority = await CertificateAuthority.create();
});

afterAll(() => authority.close());

describe('CertificateAuthority', () => {
  it('issues server certificates for localhost, 127.0.0.1 and ::1, and for nothing else', async () => {
    const { cert } = await authority.issueServerCertificate();
    const certificate = new X509Certificate(cert);
    const issuer = new X509Certificate(authority.ca);
    expect(certificate.verify(issuer.publicKey)).toBe(true);
    expect(certificate.checkIssued(issuer)).toBe(true);
    expect(certificate.ca).toBe(false);
    expect(issuer.ca).toBe(true);
    expect(certificate.checkHost('localhost')).toBe('localhost');
    expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(certificate.checkIP('::1')).toBe('::1');
    expect(certificate.checkHost('example.com')).toBeUndefined();
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
  });

  it('is valid from a day ago to 30 days ahead, with a new serial number each time', async () => {
    const [one, two] = [await authority.issueServerCertificate(), await authority.issueServerCertificate()];
    const [first, second] = [new X509Certificate(one.cert), new X509Certificate(two.cert)];
    const day = 24 * 60 * 60 * 1000;
    expect(Math.abs(Date.parse(first.validFrom) - (Date.now() - day))).toBeLessThan(60_000);
    expect(Math.abs(Date.parse(first.validTo) - (Date.now() + 30 * day))).toBeLessThan(60_000);
    expect(first.serialNumber).not.toBe(second.serialNumber);
    expect(one.key).not.toBe(two.key);
  });

  it('has its certificate in a file that close() removes, and no key in it', async () => {
    const own = await CertificateAuthority.create();
    expect(await readFile(own.caFile, 'utf8')).toBe(own.ca);
    expect(own.ca).not.toContain('PRIVATE');
    await own.close();
    await own.close();
    await expect(access(own.caFile)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('is what clients need: another authority is refused', async () => {
    await using identity = await startIdentityEmulator();
    const url = `${identity.authority}/v2.0/.well-known/openid-configuration`;
    expect((await httpsRequest(url, { ca: identity.ca })).status).toBe(200);
    await expect(httpsRequest(url, { ca: authority.ca })).rejects.toThrow(/certificate/i);
  });
});
