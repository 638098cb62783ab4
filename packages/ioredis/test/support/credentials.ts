import { type CredentialsProvider, createCredentialsProvider, rawToken } from '../../src/index.js';

export const OID = '11111111-2222-3333-4444-555555555555';

/** An unsigned JWT, good for everything that does not verify it. Longer than any debug output of ioredis. */
export function unsignedJwt({
  oid = OID,
  lifetimeMs = 3_600_000,
}: {
  oid?: string;
  lifetimeMs?: number;
} = {}): string {
  const nowS = Date.now() / 1000;
  const claims = {
    oid,
    iat: nowS,
    exp: nowS + lifetimeMs / 1000,
    jti: crypto.randomUUID(),
    pad: 'x'.repeat(300),
  };
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  return `${encode({ alg: 'none', typ: 'JWT' })}.${encode(claims)}.c2lnbmF0dXJl`;
}

export interface TestCredentials {
  readonly credentials: CredentialsProvider;
  /** Every token handed out, oldest first. */
  readonly tokens: readonly string[];
  readonly requests: () => number;
}

/** A provider whose tokens are unsigned and long-lived. */
export function testCredentials(
  nextToken: () => string | Promise<string> = () => unsignedJwt(),
): TestCredentials {
  const tokens: string[] = [];
  let requests = 0;
  const credentials = createCredentialsProvider({
    async requestToken() {
      requests++;
      const token = await nextToken();
      tokens.push(token);
      return rawToken(token);
    },
  });
  return { credentials, tokens, requests: () => requests };
}
