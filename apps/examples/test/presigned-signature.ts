import { createHash, createHmac } from 'node:crypto';

/** A presigned GET request: what was signed, and the signature that it carries. */
export interface PresignedRequest {
  readonly host: string;
  readonly path: string;
  /** Everything of the query string, decoded. */
  readonly query: ReadonlyMap<string, string>;
}

/** Reads `host/path?query`. */
export function parsePresignedRequest(text: string): PresignedRequest {
  const [, host = '', path = '', query = ''] = /^([^/?]+)(\/[^?]*)\?(.*)$/.exec(text) ?? [];
  const parameters = query.split('&').map((pair) => pair.split('=').map(decodeURIComponent));
  return { host, path, query: new Map(parameters.map(([name = '', value = '']) => [name, value])) };
}

/**
 * The signature that `request` must carry, computed with nothing but Node's HMAC from what AWS documents
 * (docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html). The payload is hashed as given: empty, or
 * the word that S3 asks for.
 */
export function presignedSignature(
  request: PresignedRequest,
  secretAccessKey: string,
  payloadHash: string = sha256(''),
): string {
  const { host, path, query } = request;
  const canonicalQuery = [...query]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => `${percentEncoded(name)}=${percentEncoded(value)}`)
    .sort()
    .join('&');
  const canonicalRequest = ['GET', path, canonicalQuery, `host:${host}`, '', 'host', payloadHash].join('\n');
  const [, ...scope] = (query.get('X-Amz-Credential') ?? '').split('/');
  const signedText = [
    'AWS4-HMAC-SHA256',
    query.get('X-Amz-Date'),
    scope.join('/'),
    sha256(canonicalRequest),
  ].join('\n');
  const key = scope.reduce<Buffer | string>((secret, part) => hmac(secret, part), `AWS4${secretAccessKey}`);
  return hmac(key, signedText).toString('hex');
}

/** When the request was signed, in ms since the epoch. */
export function signedAtMs({ query }: PresignedRequest): number {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(query.get('X-Amz-Date') ?? '') ?? [];
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

/** Everything but the unreserved characters of RFC 3986 §2.3, byte by byte. */
function percentEncoded(text: string): string {
  return [...Buffer.from(text)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return /[A-Za-z0-9\-._~]/.test(character)
        ? character
        : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}
