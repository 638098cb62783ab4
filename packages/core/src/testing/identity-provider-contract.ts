import type { IdentityProvider } from '../identity-provider.js';
import { createResponseParser, type IdentityProviderResponseParser } from '../response-parser.js';
import type { Token } from '../token.js';
import { promise, type RegisterTest, within } from './contract.js';

/** What {@link identityProviderContract} needs to know about a source. */
export interface IdentityProviderSubject {
  /** A provider whose source answers. */
  create(): IdentityProvider | Promise<IdentityProvider>;
  /** A provider whose source never answers, if that can be arranged. */
  createHanging?(): IdentityProvider | Promise<IdentityProvider>;
  /** A provider whose source refuses or is down, if that can be arranged. */
  createFailing?(): IdentityProvider | Promise<IdentityProvider>;
  /** What must never be shown: the client's secret, the signing key. */
  readonly secrets?: readonly string[];
  /** For tokens that the default parser does not take. */
  readonly parser?: IdentityProviderResponseParser;
  /** What prints a value with everything in it: `(value) => util.inspect(value, { depth: null, showHidden: true })`. */
  inspect(value: unknown): string;
  /** How long one request may take, in ms. Default 10,000. */
  readonly limitMs?: number;
  /** How long a request may take to end after its signal fired, in ms. Default 1000. */
  readonly abortLimitMs?: number;
}

/**
 * The promises of an {@link IdentityProvider}, as tests: answers that a token manager can use, an abort that is honoured
 * soon, failures that reject, and no secret in anything that is printed. Registers each with `it`.
 */
export function identityProviderContract(it: RegisterTest, subject: IdentityProviderSubject): void {
  const {
    parser = createResponseParser(),
    secrets = [],
    limitMs = 10_000,
    abortLimitMs = 1000,
    inspect,
  } = subject;
  const request = async (provider: IdentityProvider, forceRefresh: boolean): Promise<Token> => {
    const { signal } = new AbortController();
    const response = await within(limitMs, provider.requestToken({ signal, forceRefresh }), 'requestToken()');
    return parser.parse(response, { nowMs: Date.now() });
  };
  const shows = (value: unknown, what: string, hidden: readonly string[]): void => {
    const text = `${inspect(value)}\n${JSON.stringify(value) ?? ''}\n${String(value)}`;
    promise(!hidden.some((secret) => text.includes(secret)), `${what} shows no secret`, 'one of them');
  };

  it('answers with a token that is valid now', async () => {
    const token = await request(await subject.create(), false);
    promise(token.ttlMs > 0, 'the token is valid now', `a life of ${token.ttlMs} ms`);
  });

  it('answers again, also when asked to bypass its cache, and for the same user', async () => {
    const provider = await subject.create();
    const [first, second] = [await request(provider, false), await request(provider, true)];
    promise(second.ttlMs > 0, 'the second token is valid now', `a life of ${second.ttlMs} ms`);
    promise(first.username === second.username, 'both tokens are for one user', second.username);
  });

  it('rejects, or answers at once, when its signal has fired before', async () => {
    const provider = await subject.create();
    const outcome = Promise.resolve(
      provider.requestToken({ signal: AbortSignal.abort(), forceRefresh: false }),
    ).catch(() => {});
    await within(abortLimitMs, outcome, 'a request whose signal had fired');
  });

  it('shows neither secret nor token when it, its answer or its token is printed', async () => {
    const provider = await subject.create();
    const { signal } = new AbortController();
    const response = await within(
      limitMs,
      provider.requestToken({ signal, forceRefresh: false }),
      'requestToken()',
    );
    const token = parser.parse(response, { nowMs: Date.now() });
    for (const value of [provider, response, token]) shows(value, 'printing', [...secrets, token.password]);
  });

  const { createHanging, createFailing } = subject;
  if (createHanging !== undefined) {
    it('rejects soon after its signal fires, while its source does not answer', async () => {
      const provider = await createHanging();
      const abort = new AbortController();
      const outcome = provider.requestToken({ signal: abort.signal, forceRefresh: false }).then(
        () => 'an answer',
        () => 'a rejection',
      );
      abort.abort();
      const seen = await within(abortLimitMs, outcome, 'a request whose signal fired');
      promise(seen === 'a rejection', 'the request is rejected', seen);
    });
  }
  if (createFailing !== undefined) {
    it('rejects with an error that shows no secret, in itself or in its causes, when its source fails', async () => {
      const provider = await createFailing();
      const { signal } = new AbortController();
      const outcome = provider.requestToken({ signal, forceRefresh: false }).then(
        () => undefined,
        (error: unknown) => ({ error }),
      );
      const failure = await within(limitMs, outcome, 'requestToken()');
      promise(failure !== undefined, 'the request is rejected', 'an answer');
      shows(failure.error, 'the error', secrets);
    });
  }
}
