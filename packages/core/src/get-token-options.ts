/** What a caller of `TokenManager.getToken` may ask for. */
export interface GetTokenOptions {
  /** Ask the source even though a valid token is held; at most once per `minRequestIntervalMs`. Default `false`. */
  readonly forceRefresh?: boolean;
  /** Frees this caller only: its promise rejects with `ABORTED`. */
  readonly signal?: AbortSignal;
}
