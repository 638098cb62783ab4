import 'reflect-metadata';
import { createHash, KeyObject, sign, webcrypto } from 'node:crypto';
import { X509CertificateGenerator } from '@peculiar/x509';

const KEY_ALGORITHM = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  modulusLength: 2048,
  publicExponent: Uint8Array.of(1, 0, 1),
};

/** One public key as `/discovery/v2.0/keys` lists it. */
export interface JsonWebKey {
  readonly kty: 'RSA';
  readonly use: 'sig';
  readonly kid: string;
  readonly x5t: string;
  readonly n: string;
  readonly e: string;
  readonly x5c: readonly string[];
}

/** What `/discovery/v2.0/keys` answers (RFC 7517 section 5). */
export interface JsonWebKeySet {
  readonly keys: readonly JsonWebKey[];
}

/** The RSA key that signs tokens. As in Entra, `kid` and `x5t` are both the SHA-1 thumbprint of its certificate. */
export class SigningKey {
  readonly publicKey: JsonWebKey;
  readonly #privateKey: KeyObject;

  static async create(): Promise<SigningKey> {
    const keys = await webcrypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify']);
    const certificate = await X509CertificateGenerator.createSelfSigned(
      { name: 'CN=accounts.accesscontrol.windows.net', keys, signingAlgorithm: KEY_ALGORITHM },
      webcrypto,
    );
    const { n, e } = KeyObject.from(keys.publicKey).export({ format: 'jwk' });
    if (n === undefined || e === undefined)
      throw new TypeError('an RSA public key has a modulus and an exponent');
    const der = Buffer.from(certificate.rawData);
    const kid = createHash('sha1').update(der).digest('base64url');
    return new SigningKey(
      { kty: 'RSA', use: 'sig', kid, x5t: kid, n, e, x5c: [der.toString('base64')] },
      KeyObject.from(keys.privateKey),
    );
  }

  private constructor(publicKey: JsonWebKey, privateKey: KeyObject) {
    this.publicKey = publicKey;
    this.#privateKey = privateKey;
  }

  /** A compact JWS with `alg` RS256 (RFC 7515 section 7.1) over `payload`. */
  signJwt(payload: object): string {
    const { kid, x5t } = this.publicKey;
    const signed = `${encode({ typ: 'JWT', alg: 'RS256', x5t, kid })}.${encode(payload)}`;
    return `${signed}.${sign('RSA-SHA256', Buffer.from(signed), this.#privateKey).toString('base64url')}`;
  }
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
