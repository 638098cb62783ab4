import type { IdentityProvider, RequestTokenOptions } from '../identity-provider.js';
import type { IdentityProviderResponse } from '../identity-provider-response.js';

/** One request, as a script sees it. */
export interface ScriptedRequest extends RequestTokenOptions {
  /** 1 for the first request, then counting. */
  readonly number: number;
}

/** Answers, rejects, throws or hangs, request by request. */
export type IdentityScript = (
  request: ScriptedRequest,
) => IdentityProviderResponse | Promise<IdentityProviderResponse>;

/** An identity provider that does what its script says, and remembers what it was asked. */
export class ScriptedIdentityProvider implements IdentityProvider {
  /** What the next request will do. Replace it at any time. */
  script: IdentityScript;
  /** Every request so far, in order. */
  readonly requests: ScriptedRequest[] = [];
  #inFlight = 0;
  #maxInFlight = 0;

  constructor(script: IdentityScript) {
    this.script = script;
  }

  /** The most requests that were ever unanswered at the same time. */
  get maxInFlight(): number {
    return this.#maxInFlight;
  }

  requestToken(options: RequestTokenOptions): Promise<IdentityProviderResponse> {
    const request: ScriptedRequest = { ...options, number: this.requests.length + 1 };
    this.requests.push(request);
    this.#maxInFlight = Math.max(this.#maxInFlight, ++this.#inFlight);
    // Not an async function: a script that throws must be seen to throw.
    try {
      return Promise.resolve(this.script(request)).finally(() => this.#inFlight--);
    } catch (error) {
      this.#inFlight--;
      throw error;
    }
  }
}
