import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { type IdentityProvider, rawToken } from '../src/index.js';
import { type IdentityProviderSubject, identityProviderContract, unsignedJwt } from '../src/testing/index.js';

const SECRET = 'the-signing-secret';

function token(oid = 'user', lifeSeconds = 3600): string {
  const iat = Math.floor(Date.now() / 1000);
  return unsignedJwt({ oid, iat, exp: iat + lifeSeconds });
}

const show = (value: unknown): string => inspect(value, { depth: null, showHidden: true });

const conforming: IdentityProviderSubject = {
  inspect: show,
  secrets: [SECRET],
  create: () => ({ requestToken: async () => rawToken(token()) }),
  createHanging: () => ({
    requestToken: ({ signal }) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
      }),
  }),
  createFailing: () => ({ requestToken: () => Promise.reject(new Error('refused')) }),
};

/** Runs the suite against a subject that breaks it, and tells which tests failed. */
async function failures(subject: Partial<IdentityProviderSubject>): Promise<string[]> {
  const failed: string[] = [];
  const running: Promise<void>[] = [];
  const register = (name: string, run: () => Promise<void>): void => {
    running.push(run().catch(() => void failed.push(name)));
  };
  identityProviderContract(register, { ...conforming, limitMs: 100, abortLimitMs: 100, ...subject });
  await Promise.all(running);
  return failed;
}

const answering = (requestToken: IdentityProvider['requestToken']): Partial<IdentityProviderSubject> => ({
  create: () => ({ requestToken }),
});

describe('identityProviderContract, on a provider that conforms', () => {
  identityProviderContract(it, conforming);
});

describe('identityProviderContract, on one that does not', () => {
  it.each<[string, Partial<IdentityProviderSubject>, string]>([
    ['gives expired tokens', answering(async () => rawToken(token('user', -1))), 'valid now'],
    ['answers with something else', answering(async () => ({ access_token: 'x' }) as never), 'valid now'],
    ['never answers', answering(() => new Promise(() => {})), 'valid now'],
    [
      'changes its user when forced',
      answering(async ({ forceRefresh }) => rawToken(token(forceRefresh ? 'other' : 'user'))),
      'for the same user',
    ],
    [
      'keeps its secret in a property',
      { create: () => ({ secret: SECRET, requestToken: async () => rawToken(token()) }) as IdentityProvider },
      'shows neither secret nor token',
    ],
    [
      'ignores its signal',
      { createHanging: () => ({ requestToken: () => new Promise(() => {}) }) },
      'signal fires',
    ],
    [
      'puts its secret into an error',
      { createFailing: () => ({ requestToken: () => Promise.reject(new Error(`no: ${SECRET}`)) }) },
      'shows no secret',
    ],
    [
      'puts its secret into the cause of an error',
      {
        createFailing: () => ({
          requestToken: () => Promise.reject(new Error('no', { cause: { body: SECRET } })),
        }),
      },
      'shows no secret',
    ],
    ['answers when it should fail', { createFailing: conforming.create }, 'its source fails'],
  ])('fails a provider that %s', async (_, subject, test) => {
    expect(await failures(subject)).toContainEqual(expect.stringContaining(test));
  });
});
