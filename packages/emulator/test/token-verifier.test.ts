import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SignJWT } from 'jose';
import {
  type IdentityEmulator,
  startIdentityEmulator,
  type TokenVerdict,
  TokenVerifier,
  type TokenVerifierOptions,
} from '../src/index.js';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const { n = '', e = '' } = publicKey.export({ format: 'jwk' });
const keys = { keys: [{ kty: 'RSA', use: 'sig', kid: 'one', x5t: 'one', n, e, x5c: [] }] } as const;
const tenantId = randomUUID();
const nowSeconds = Math.floor(Date.now() / 1000);
const good = {
  iss: `https://sts.windows.net/${tenantId}/`,
  aud: 'https://redis.azure.com',
  oid: 'someone',
  nbf: nowSeconds - 300,
  exp: nowSeconds + 3600,
};

/** A token signed by jose, not by the code under test. */
function sign(claims: Record<string, unknown>, header: Record<string, string> = {}): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'one', ...header }).sign(privateKey);
}

async function verdictOn(
  claims: Record<string, unknown>,
  header?: Record<string, string>,
): Promise<TokenVerdict> {
  return new TokenVerifier({ keys, tenantId }).verify(await sign(claims, header));
}

let identity: IdentityEmulator;

beforeAll(async () => {
  identity = await startIdentityEmulator();
});

afterAll(() => identity.close());

describe('TokenVerifier.verify', () => {
  it('takes a good token, and says whose it is and until when', async () => {
    expect(await verdictOn(good)).toEqual({ valid: true, objectId: 'someone', expiresAtMs: good.exp * 1000 });
  });

  it('takes the application id of the resource as audience', async () => {
    expect(await verdictOn({ ...good, aud: 'acca5fbb-b7e4-4009-81f1-37e38fd66d78' })).toMatchObject({
      valid: true,
    });
  });

  it.each<[string, Record<string, unknown>, Record<string, string>]>([
    ['issuer', { ...good, iss: `https://sts.windows.net/${randomUUID()}/` }, {}],
    ['issuer', { ...good, iss: undefined }, {}],
    ['audience', { ...good, aud: 'https://redis.azure.com/' }, {}],
    ['audience', { ...good, aud: ['https://redis.azure.com'] }, {}],
    ['expired', { ...good, exp: nowSeconds - 1 }, {}],
    ['not-yet-valid', { ...good, nbf: nowSeconds + 60 }, {}],
    ['malformed', { ...good, oid: undefined }, {}],
    ['malformed', { ...good, oid: '' }, {}],
    ['malformed', { ...good, exp: 'soon' }, {}],
    ['malformed', { ...good, nbf: undefined }, {}],
    ['unknown-key', good, { kid: 'two' }],
    ['malformed', good, { alg: 'RS512' }],
  ])('refuses for its %s: %j %j', async (reason, claims, header) => {
    expect(await verdictOn(claims, header)).toEqual({ valid: false, reason });
  });

  it.each(['', 'a', 'a.b', 'a.b.c', 'a.b.c.d', '..', `${'e30.'.repeat(2)}e30`, 'bnVsbA.bnVsbA.x'])(
    'refuses %j as malformed',
    async (token) => {
      const verdict = await new TokenVerifier({ keys, tenantId }).verify(token);
      expect(verdict).toEqual({ valid: false, reason: 'malformed' });
    },
  );

  it('refuses a token without a signature, whatever its header says', async () => {
    const [, payload] = (await sign(good)).split('.');
    const header = Buffer.from(JSON.stringify({ alg: 'none', kid: 'one' })).toString('base64url');
    const verifier = new TokenVerifier({ keys, tenantId });
    expect(await verifier.verify(`${header}.${payload}.x`)).toEqual({ valid: false, reason: 'malformed' });
  });

  it('refuses a changed payload under the old signature', async () => {
    const [header, , signature] = (await sign(good)).split('.');
    const payload = Buffer.from(JSON.stringify({ ...good, oid: 'someone-else' })).toString('base64url');
    const verdict = await new TokenVerifier({ keys, tenantId }).verify(`${header}.${payload}.${signature}`);
    expect(verdict).toEqual({ valid: false, reason: 'signature' });
  });

  it('fetches the keys for each token when given a function, and rejects when that does', async () => {
    let calls = 0;
    const fetching = new TokenVerifier({
      keys: async () => {
        calls += 1;
        return keys;
      },
      tenantId,
    });
    const token = await sign(good);
    await fetching.verify(token);
    await fetching.verify(token);
    expect(calls).toBe(2);
    const failing = new TokenVerifier({ keys: () => Promise.reject(new Error('offline')), tenantId });
    await expect(failing.verify(token)).rejects.toThrow('offline');
  });

  it.each<[object, RegExp]>([
    [{ keys, tenantId: 'contoso' }, /tenantId must be a GUID/],
    [{ keys: {}, tenantId }, /keys\.keys must be an array/],
    [{ tenantId }, /keys\.keys must be an array/],
    [{ keys, tenantId, audience: 'x' }, /TokenVerifier has no option 'audience'/],
  ])('throws INVALID_OPTION for %j', (options, message) => {
    expect(() => new TokenVerifier(options as TokenVerifierOptions)).toThrow(message);
  });

  it('refuses a revoked token, and only that one', async () => {
    const verifier = new TokenVerifier({ keys, tenantId });
    const [first, second] = [await sign(good), await sign({ ...good, uti: 'other' })];
    verifier.revoke(first);
    expect(await verifier.verify(first)).toEqual({ valid: false, reason: 'revoked' });
    expect(await verifier.verify(second)).toMatchObject({ valid: true });
  });
});

describe('IdentityEmulator.issueToken', () => {
  function claimsOf(token: string): Record<string, unknown> {
    return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<
      string,
      unknown
    >;
  }

  it('makes what the token endpoint would grant, without counting', async () => {
    const verdict = await identity.verifier.verify(identity.issueToken());
    expect(verdict).toMatchObject({ valid: true, objectId: identity.objectId });
    expect([identity.requests, identity.issued]).toEqual([0, 0]);
  });

  it('makes each token its own', () => {
    expect(identity.issueToken()).not.toBe(identity.issueToken());
  });

  it('takes ids, audience and life', () => {
    const [objectId, clientId, other] = [randomUUID(), randomUUID(), randomUUID()];
    const before = Date.now();
    const claims = claimsOf(
      identity.issueToken({ objectId, clientId, tenantId: other, audience: 'api://x', lifetimeMs: 5000 }),
    );
    expect(claims).toMatchObject({
      oid: objectId,
      sub: objectId,
      appid: clientId,
      tid: other,
      iss: `https://sts.windows.net/${other}/`,
      aud: 'api://x',
    });
    expect(Number(claims['exp']) * 1000).toBeGreaterThanOrEqual(before + 5000);
    expect(Number(claims['exp']) * 1000).toBeLessThan(Date.now() + 6000);
  });

  it('makes a token that expired a minute ago', async () => {
    const token = identity.issueToken({ expired: true });
    const { exp, iat, nbf } = claimsOf(token);
    expect(Number(exp) * 1000).toBeLessThanOrEqual(Date.now() - 59_000);
    expect(Number(iat)).toBeLessThan(Number(exp));
    expect(nbf).toBe(iat);
    expect(await identity.verifier.verify(token)).toEqual({ valid: false, reason: 'expired' });
  });

  it.each<[object, RegExp]>([
    [{ objectId: 'me' }, /objectId must be a GUID such as [0-9a-f-]{36}, got 'me'/],
    [{ clientId: '' }, /clientId must be a non-empty string/],
    [{ tenantId: 5 }, /tenantId must be a non-empty string, got a value of type number/],
    [{ audience: '' }, /audience must be a non-empty string/],
    [{ lifetimeMs: 999 }, /lifetimeMs must be an integer from 1000 to 100800000, got 999/],
    [{ expired: 'yes' }, /expired must be true or false/],
    [{ expired: true, lifetimeMs: 1000 }, /leave one of the two out/],
    [{ oid: randomUUID() }, /no option 'oid'; it takes objectId, clientId/],
  ])('throws INVALID_OPTION for %j', (options, message) => {
    expect(() => identity.issueToken(options)).toThrow(message);
    expect(() => identity.issueToken(options)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
  });
});
