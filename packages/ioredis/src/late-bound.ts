import type { CredentialsProvider, Token } from '@entraid/core';

/** The two ioredis options, late-bound. Typed as ioredis types them. */
export interface LateBoundCredentials {
  readonly username: string;
  readonly password: string;
}

const PROVIDER = Symbol.for('@entraid/ioredis.credentials-provider');
const INSPECT = Symbol.for('nodejs.util.inspect.custom');

/**
 * A user name and a password that are read when a handshake is built, not when the options are: ioredis copies option
 * values by reference into every connection it makes and turns them into strings when it writes AUTH or HELLO
 * (ioredis 6.0.0: Redis#_connect, getHandshakeCommands, Command#stringifyArguments). Without a valid token they are
 * empty, which every server refuses. Printed and serialised they are `[redacted]`.
 */
export function lateBoundCredentials(provider: CredentialsProvider): LateBoundCredentials {
  return {
    username: lateBound(provider, (token) => token.username),
    password: lateBound(provider, (token) => token.password),
  };
}

/** The provider behind a late-bound value, also when another copy of this package made it; `undefined` for any other value. */
export function providerBehind(value: unknown): CredentialsProvider | undefined {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return undefined;
  return (value as { [PROVIDER]?: () => CredentialsProvider })[PROVIDER]?.();
}

/** Makes {@link providerBehind} know `value`. */
export function markWithProvider<T extends object>(value: T, provider: CredentialsProvider): T {
  return Object.defineProperty(value, PROVIDER, { value: () => provider });
}

/**
 * Own enumerable closures rather than a class: options get spread, merged and deep-cloned on their way to a connection,
 * and that keeps neither prototypes nor private fields.
 */
function lateBound(provider: CredentialsProvider, read: (token: Token) => string): string {
  const value = {
    toString: (): string => {
      const token = provider.tokenManager.currentToken();
      return token === undefined ? '' : read(token);
    },
    toJSON: (): string => '[redacted]',
    [INSPECT]: (): string => '[redacted]',
    [PROVIDER]: (): CredentialsProvider => provider,
  };
  return value as unknown as string;
}
