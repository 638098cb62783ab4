/** The form fields of a token request that authenticate the client or its user (RFC 6749, RFC 7521, RFC 7636). */
const SECRET_FIELDS: ReadonlySet<string> = new Set([
  'client_secret',
  'client_assertion',
  'assertion',
  'code',
  'code_verifier',
  'refresh_token',
  'password',
]);

/** Shorter values are no secrets that Entra ID issues, and replacing them would garble ordinary words. */
const MIN_SECRET_LENGTH = 8;

/** How deep an error's `cause` chain is copied. */
const MAX_CAUSES = 5;

/** The secrets of one token request: an endpoint or a proxy that echoes its input must not get them into an error. */
export class RequestSecrets {
  readonly #spellings: readonly string[];

  /** `form` is the request's body, if it has one. */
  constructor(form: string | undefined) {
    const values = [...new URLSearchParams(form ?? '')]
      .filter(([name, value]) => SECRET_FIELDS.has(name) && value.length >= MIN_SECRET_LENGTH)
      .map(([, value]) => value);
    this.#spellings = [...new Set(values.flatMap((value) => [value, encodeURIComponent(value)]))];
  }

  /** `text` without the secrets. */
  redact(text: string): string {
    return this.#spellings.reduce((result, secret) => result.replaceAll(secret, '[redacted]'), text);
  }

  /** A copy of parsed JSON with every string redacted. */
  redactJson(json: unknown): unknown {
    const text = JSON.stringify(json);
    if (text === undefined || this.#spellings.length === 0) return json;
    return JSON.parse(text, (_key, value: unknown) =>
      typeof value === 'string' ? this.redact(value) : value,
    );
  }

  /**
   * What a network client's error says, without what it carries: some HTTP libraries attach the whole request, and
   * with it the credential.
   */
  summarize(error: unknown, depth = 0): Error {
    if (typeof error !== 'object' || error === null) return new Error(this.redact(String(error)));
    const { name, message, code, cause } = error as {
      [key in 'name' | 'message' | 'code' | 'cause']?: unknown;
    };
    const summary = new Error(
      this.redact(typeof message === 'string' ? message : ''),
      cause === undefined || depth >= MAX_CAUSES ? undefined : { cause: this.summarize(cause, depth + 1) },
    );
    if (typeof name === 'string') summary.name = name;
    return typeof code === 'string' ? Object.assign(summary, { code }) : summary;
  }
}
