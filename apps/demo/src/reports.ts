/** What the client process tells the demo, over the channel between parent and child. Nothing in it is secret. */
export type Report =
  | { readonly kind: 'token'; readonly version: number; readonly lifeMs: number; readonly username: string }
  | { readonly kind: 'attempt-failed'; readonly code: string; readonly nextAttemptInMs: number | undefined }
  | { readonly kind: 'round-failed'; readonly code: string }
  | { readonly kind: 'state'; readonly from: string; readonly to: string }
  | {
      readonly kind: 'reauthenticated';
      readonly connectionId: string;
      readonly version: number;
      readonly durationMs: number;
    }
  | { readonly kind: 'reauthentication-failed'; readonly connectionId: string; readonly message: string }
  | { readonly kind: 'at-risk'; readonly connectionId: string; readonly message: string }
  | { readonly kind: 'ready'; readonly client: ClientName }
  | { readonly kind: 'client-error'; readonly client: ClientName; readonly message: string }
  | { readonly kind: 'command-error'; readonly client: ClientName; readonly message: string }
  | { readonly kind: 'load'; readonly load: LoadReport };

export type ClientName = 'node-redis' | 'ioredis';

export interface LoadReport {
  /** SETs and GETs that were sent. */
  readonly issued: number;
  /** Those that came back right. */
  readonly succeeded: number;
  /** Those that failed, or came back wrong. */
  readonly failed: number;
}

/** What the demo tells the client process. */
export type Order = 'stop';
