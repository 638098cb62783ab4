// @peculiar/x509 resolves its parts through tsyringe, which needs this polyfill loaded before it.
import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

const KEY_ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const VALID_MS = 30 * 24 * 60 * 60 * 1000;

/** A server's private key and certificate, both PEM. */
export interface ServerCertificate {
  readonly key: string;
  readonly cert: string;
}

/**
 * A certificate authority that lives as long as the emulator: made on start, trusted by nobody but those who are given
 * {@link CertificateAuthority.ca} or {@link CertificateAuthority.caFile}. Its key never leaves memory.
 */
export class CertificateAuthority {
  /** The authority's certificate, PEM. */
  readonly ca: string;
  /** The same in a file of its own, for `NODE_EXTRA_CA_CERTS`; removed by {@link CertificateAuthority.close}. */
  readonly caFile: string;
  readonly #directory: string;
  readonly #certificate: X509Certificate;
  readonly #keys: CryptoKeyPair;

  static async create(): Promise<CertificateAuthority> {
    const keys = await generateKeys();
    const certificate = await X509CertificateGenerator.createSelfSigned(
      {
        ...validity(),
        serialNumber: serialNumber(),
        name: 'CN=@entraid/emulator test authority',
        keys,
        signingAlgorithm: KEY_ALGORITHM,
        extensions: [
          new BasicConstraintsExtension(true, 0, true),
          new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
          await SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
        ],
      },
      webcrypto,
    );
    const directory = await mkdtemp(join(tmpdir(), 'entraid-emulator-'));
    await writeFile(join(directory, 'ca.pem'), `${certificate.toString('pem')}\n`);
    return new CertificateAuthority(certificate, keys, directory);
  }

  private constructor(certificate: X509Certificate, keys: CryptoKeyPair, directory: string) {
    this.#certificate = certificate;
    this.#keys = keys;
    this.#directory = directory;
    this.ca = `${certificate.toString('pem')}\n`;
    this.caFile = join(directory, 'ca.pem');
  }

  /** A certificate for `localhost`, 127.0.0.1 and ::1. */
  async issueServerCertificate(): Promise<ServerCertificate> {
    const keys = await generateKeys();
    const certificate = await X509CertificateGenerator.create(
      {
        ...validity(),
        serialNumber: serialNumber(),
        subject: 'CN=localhost',
        issuer: this.#certificate.subject,
        publicKey: keys.publicKey,
        signingKey: this.#keys.privateKey,
        signingAlgorithm: KEY_ALGORITHM,
        extensions: [
          new BasicConstraintsExtension(false, undefined, true),
          new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
          new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
          new SubjectAlternativeNameExtension([
            { type: 'dns', value: 'localhost' },
            { type: 'ip', value: '127.0.0.1' },
            { type: 'ip', value: '::1' },
          ]),
        ],
      },
      webcrypto,
    );
    const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
    return { key: PemConverter.encode(key, 'PRIVATE KEY'), cert: `${certificate.toString('pem')}\n` };
  }

  /** Removes {@link CertificateAuthority.caFile}. Idempotent. */
  async close(): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
  }
}

type CryptoKeyPair = webcrypto.CryptoKeyPair;

async function generateKeys(): Promise<CryptoKeyPair> {
  return webcrypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify']);
}

/** From a day ago, so that a clock set back a little does not break the tests. */
function validity(): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return { notBefore: new Date(now - 24 * 60 * 60 * 1000), notAfter: new Date(now + VALID_MS) };
}

/** Positive and non-zero, as RFC 5280 section 4.1.2.2 wants: the first bit is clear, the second set. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}
