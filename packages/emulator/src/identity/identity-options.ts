import { randomUUID } from 'node:crypto';
import { checkGuid, checkInteger, checkKnownOptions, checkList } from '../option-checks.js';
import { type ClientOptions, ClientRegistry } from './client-registry.js';

/** Shortest and longest life of a token: from what a test can wait for to the longest that Entra hands out (28 h). */
const MIN_TOKEN_LIFETIME_MS = 1000;
const MAX_TOKEN_LIFETIME_MS = 28 * 60 * 60 * 1000;

/** How the identity side starts. */
export interface IdentityOptions {
  /** The tenant, a GUID. Default: random. */
  readonly tenantId?: string;
  /** The applications registered in it. Default: one, with random ids and secret. */
  readonly clients?: readonly ClientOptions[];
  /** Life of the tokens handed out, in ms, 1000 (1 s) to 100800000 (28 h). Default: 3600000 (1 h). */
  readonly tokenLifetimeMs?: number;
  /** The port of the https endpoint, 0 to 65535; 0 takes a free one. Default: 0. */
  readonly port?: number;
}

export const IDENTITY_OPTION_NAMES = ['tenantId', 'clients', 'tokenLifetimeMs', 'port'] as const;

/** {@link IdentityOptions}, checked and filled in. */
export interface ParsedIdentityOptions {
  readonly tenantId: string;
  readonly clients: ClientRegistry;
  readonly tokenLifetimeMs: number;
  readonly port: number;
}

/** Throws `INVALID_OPTION` naming the option, its range and the value. */
export function parseIdentityOptions(options: IdentityOptions): ParsedIdentityOptions {
  checkKnownOptions('identity', options, IDENTITY_OPTION_NAMES);
  const { tenantId = randomUUID(), clients = [{}], tokenLifetimeMs = 3_600_000, port = 0 } = options;
  checkList('clients', clients);
  return {
    tenantId: checkGuid('tenantId', tenantId),
    clients: new ClientRegistry(clients),
    tokenLifetimeMs: checkTokenLifetime('tokenLifetimeMs', tokenLifetimeMs),
    port: checkInteger('port', port, 0, 65_535),
  };
}

/** Throws `INVALID_OPTION` unless `value` is a life that tokens may have. */
export function checkTokenLifetime(name: string, value: unknown): number {
  return checkInteger(name, value, MIN_TOKEN_LIFETIME_MS, MAX_TOKEN_LIFETIME_MS);
}
