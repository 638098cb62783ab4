import type { Emulator } from '@entraid/emulator';
import {
  type CredentialsProvider,
  type CredentialsProviderOptions,
  createCredentialsProvider,
  rawToken,
} from '../../src/index.js';

/** Credentials from an emulator, and a source that a test can make slow or fail. */
export interface EmulatedCredentials {
  readonly credentials: CredentialsProvider;
  /** Every token handed out, oldest first. */
  readonly tokens: readonly string[];
  /** Token requests so far. */
  readonly requests: () => number;
  /** Called before each request: throw to fail it, wait to delay it. */
  beforeRequest: (signal: AbortSignal) => unknown;
}

/** Time limits of core that matter in production and would only be waited for here. */
const QUICK: CredentialsProviderOptions = {
  minRequestIntervalMs: 50,
  retry: { maxAttempts: 1, initialDelayMs: 50, maxDelayMs: 50 },
  reauthentication: { windowMs: 20 },
};

export function emulatedCredentials(
  { identity }: Emulator,
  { lifetimeMs = 600_000, options = {} }: { lifetimeMs?: number; options?: CredentialsProviderOptions } = {},
): EmulatedCredentials {
  const tokens: string[] = [];
  let requests = 0;
  const emulated: EmulatedCredentials = {
    credentials: createCredentialsProvider(
      {
        async requestToken({ signal }) {
          requests++;
          await emulated.beforeRequest(signal);
          // `exp` has seconds: a token asked for in the same second as the last one is newer only if it lives longer.
          const extraMs = lifetimeMs < 60_000 ? 0 : requests * 1000;
          const token = identity.issueToken({ lifetimeMs: lifetimeMs + extraMs });
          tokens.push(token);
          return rawToken(token);
        },
      },
      { ...QUICK, ...options },
    ),
    tokens,
    requests: () => requests,
    beforeRequest: () => {},
  };
  return emulated;
}

/** Gets another token, whether or not it is time. */
export function rotateNow({ credentials }: EmulatedCredentials): Promise<unknown> {
  return credentials.tokenManager.getToken({ forceRefresh: true });
}

/** Resolves at the next re-authentication of any connection of these credentials. */
export function nextReauthentication({
  credentials,
}: EmulatedCredentials): Promise<{ connectionId: string; version: number }> {
  return new Promise((resolve) => {
    const stop = credentials.reauthenticator.observe({
      onReauthenticated(event) {
        stop();
        resolve(event);
      },
    });
  });
}
