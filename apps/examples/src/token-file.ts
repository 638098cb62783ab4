import { type FileHandle, open } from 'node:fs/promises';
import {
  accessToken,
  checkKnownOptions,
  checkNumber,
  checkString,
  EntraIdError,
  type IdentityProvider,
  rawToken,
} from '@entraid/core';

/** Where a sidecar leaves the token. */
export interface TokenFileOptions {
  /** Path of the file. Symbolic links are followed, as Kubernetes volumes need it. */
  readonly path: string;
  /**
   * Life of an opaque token in ms, counted from the file's modification time: from 1000 to 2,592,000,000 (30 days).
   * Default: the token is a JWT, whose `exp` tells.
   */
  readonly ttlMs?: number;
}

const DAY_MS = 86_400_000;

/**
 * Tokens from a file that somebody else rewrites: a projected volume of Kubernetes, Vault Agent, a cron job. The file is
 * read with each request and never watched: the token manager asks again when its token is due.
 *
 * - The same content again is the same token: nobody is notified, and the manager asks later. That is the usual answer
 *   to the first request, at 70 % of a token's life: Kubernetes rewrites the file at 80 % (kubernetes.io/docs, "Service
 *   account token volume projection").
 * - A missing or empty file is `IDENTITY_UNAVAILABLE`, so it is read again: the sidecar may start after the application.
 * - `tokenManager.getToken({ forceRefresh: true })` reads the file at once. When a server refuses the token before its
 *   time, the adapters call `tokenManager.rejectToken(token)`, which does the same.
 *
 * The sidecar has to replace the file in one step (rename or symbolic link), as Kubernetes and Vault Agent do.
 * Throws `INVALID_OPTION`.
 *
 * @example
 * // Vault Agent writes an opaque token that lives for an hour; the Redis user is "app".
 * createCredentialsProvider(tokenFile({ path: '/vault/secrets/redis', ttlMs: 3_600_000 }), {
 *   responseParser: createResponseParser({ credentialsMapper: () => ({ username: 'app' }) }),
 * });
 *
 * @example
 * // Kubernetes writes a JWT; the Redis user is its subject.
 * createCredentialsProvider(tokenFile({ path: '/var/run/secrets/tokens/redis' }), {
 *   responseParser: createResponseParser({ credentialsMapper: ({ claims }) => ({ username: String(claims?.sub) }) }),
 * });
 */
export function tokenFile(options: TokenFileOptions): IdentityProvider {
  checkKnownOptions('tokenFile', options, ['path', 'ttlMs']);
  const path = checkString('path', options.path);
  const { ttlMs } = options;
  if (ttlMs !== undefined) checkNumber('ttlMs', ttlMs, { min: 1000, max: 30 * DAY_MS, unit: 'ms' });

  return {
    async requestToken({ signal }) {
      const { token, writtenAtMs } = await read(path, signal);
      if (ttlMs === undefined) return rawToken(token);
      return accessToken({ token, expiresOnTimestamp: writtenAtMs + ttlMs });
    },
  };
}

async function read(path: string, signal: AbortSignal): Promise<{ token: string; writtenAtMs: number }> {
  let file: FileHandle | undefined;
  try {
    // Through one handle, so that content and time are those of the same file while the sidecar replaces it.
    file = await open(path);
    const { mtimeMs } = await file.stat();
    const token = (await file.readFile({ encoding: 'utf8', signal })).trim();
    if (token === '') throw new Error('it is empty');
    return { token, writtenAtMs: mtimeMs };
  } catch (cause) {
    const { message } = cause as Error;
    throw new EntraIdError('IDENTITY_UNAVAILABLE', `no token in the file ${path}: ${message}`, { cause });
  } finally {
    await file?.close();
  }
}
