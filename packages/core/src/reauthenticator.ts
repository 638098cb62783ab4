import type { Clock } from './clock.js';
import { ExpiryWatch } from './expiry-watch.js';
import { LiveConnection } from './live-connection.js';
import { checkFunction, checkString } from './option-checks.js';
import type {
  ReauthenticationObserver,
  ReauthenticationRegistration,
  ReauthenticationTarget,
  ReauthenticatorOptions,
  ReauthenticatorStatus,
} from './reauthentication.js';
import { atRiskError, refusalError } from './reauthentication-errors.js';
import {
  type ResolvedReauthenticatorOptions,
  resolveReauthenticatorOptions,
} from './reauthentication-options.js';
import { ReauthenticationReports } from './reauthentication-reports.js';
import { deferralDelayMs, refusalDelayMs, rotationWindowMs, spreadMs } from './reauthentication-time.js';
import { shuffle } from './shuffle.js';
import type { Token } from './token.js';
import type { TokenManager } from './token-manager.js';
import { scheduleByWallClock } from './wall-timer.js';

/** Connections with an age limit are due up to this share of their waiting time later than the earliest moment. */
const DUE_JITTER = 0.1;

/**
 * The one place that decides when a live connection sends AUTH. Level-triggered: whoever holds an older token than the
 * current one is due, so a missed event, a refused AUTH and a machine that slept need no path of their own.
 *
 * AUTHs are spread over a window and bounded in number; a connection has at most one in flight; the newest token wins;
 * a refusal is followed by another try while the connection's own token lives. Until a server has taken a new token
 * once, one connection at a time tries it, an idle one if there is any: a failing AUTH behind other commands can lose
 * its reply on some servers and shift every later one (redis/redis#15640).
 */
export class Reauthenticator {
  readonly #tokenManager: TokenManager;
  readonly #clock: Clock;
  readonly #options: ResolvedReauthenticatorOptions;
  readonly #connections = new Set<LiveConnection>();
  readonly #reports = new ReauthenticationReports();
  /** By the token's version where the token decides, else by the connection. */
  readonly #expiryWatch: ExpiryWatch<number | LiveConnection>;
  /** Due, but without a slot, or waiting for the new token to be proven. In the order they became due. */
  readonly #waiting = new Set<LiveConnection>();
  #active = 0;
  #provenVersion = 0;
  #probe: LiveConnection | undefined;
  #cancelPatience: (() => void) | undefined;
  #unsubscribe: (() => void) | undefined;

  /** Throws `INVALID_OPTION`. */
  constructor(tokenManager: TokenManager, options: ReauthenticatorOptions = {}) {
    this.#options = resolveReauthenticatorOptions(options);
    this.#tokenManager = tokenManager;
    this.#clock = tokenManager.clock;
    this.#expiryWatch = new ExpiryWatch(this.#clock, (key) => this.#nearExpiry(key));
  }

  /**
   * Takes charge of a connection that is ready and signed in with `token`. If that is not the current token any more,
   * the connection is due at once. While any connection is registered, the token manager keeps its token fresh.
   * After the token manager was closed nothing is done for it. Throws `INVALID_OPTION` for a target without `id` or
   * `authenticate`.
   */
  register(target: ReauthenticationTarget, token: Token): ReauthenticationRegistration {
    checkString('target.id', target?.id);
    checkFunction('target.authenticate', target.authenticate);
    if (this.#tokenManager.status().state === 'closed') return { retry() {}, dispose() {} };
    this.#unsubscribe ??= this.#tokenManager.subscribe({
      onNext: (current) => this.#rotate(current),
      onStateChange: ({ to }) => {
        if (to === 'closed') for (const each of [...this.#connections]) this.#remove(each);
      },
    });
    const connection = new LiveConnection(target, token, this.#options.expiryPolicy, this.#clock.now());
    this.#connections.add(connection);
    this.#settleIn(connection);
    return {
      retry: () => this.#enqueue(connection),
      dispose: () => this.#remove(connection),
    };
  }

  /** Calls `observer` for every connection from now on. Returns a function that ends it. */
  observe(observer: ReauthenticationObserver): () => void {
    return this.#reports.addObserver(observer);
  }

  status(): ReauthenticatorStatus {
    const current = this.#tokenManager.currentToken();
    const nowMs = this.#clock.now();
    let behind = 0;
    if (current !== undefined) {
      for (const connection of this.#connections) if (connection.isDue(current, nowMs)) behind++;
    }
    return { connections: this.#connections.size, behind };
  }

  #rotate(current: Token): void {
    const nowMs = this.#clock.now();
    const due = [...this.#connections].filter((connection) => connection.isDue(current, nowMs));
    for (const connection of due) connection.startOver();
    this.#spread(due);
  }

  /** Gives each of `connections` a moment within the window, in random order. */
  #spread(connections: LiveConnection[]): void {
    const nowMs = this.#clock.now();
    const { random, windowMs } = this.#options;
    shuffle(connections, random);
    connections.forEach((connection, index) => {
      const ownWindowMs = rotationWindowMs(windowMs, connection.remainingMs(nowMs));
      this.#schedule(connection, spreadMs(index, connections.length, ownWindowMs, random()));
    });
  }

  #schedule(connection: LiveConnection, delayMs: number): void {
    connection.cancelNext?.();
    connection.cancelNext = scheduleByWallClock(this.#clock, delayMs, () => this.#enqueue(connection));
  }

  #enqueue(connection: LiveConnection): void {
    if (connection.disposed || connection.inFlight) return;
    connection.cancelNext?.();
    this.#waiting.add(connection);
    this.#pump();
  }

  /** Starts whoever may go. What may not stays in line, and a proof, a free slot or a newer token calls again. */
  #pump(): void {
    const current = this.#tokenManager.currentToken();
    const nowMs = this.#clock.now();
    for (const connection of this.#waiting) {
      if (current === undefined || !connection.isDue(current, nowMs)) this.#waiting.delete(connection);
      else if (this.#active >= this.#options.maxConcurrency) return;
      else if (current.version <= this.#provenVersion || connection.riskInMs(nowMs) <= 0)
        this.#start(connection, current);
      else if (this.#probe === undefined && connection.target.isIdle?.() !== false)
        this.#start(connection, current);
    }
    if (this.#probe === undefined && this.#waiting.size > 0) this.#losePatience(nowMs);
  }

  /** When every connection stays busy, the one that waits longest proves the token all the same. */
  #losePatience(nowMs: number): void {
    const [first] = this.#waiting;
    if (first === undefined || this.#cancelPatience !== undefined) return;
    const patienceMs = rotationWindowMs(this.#options.windowMs, first.remainingMs(nowMs));
    this.#cancelPatience = scheduleByWallClock(this.#clock, patienceMs, () => {
      this.#cancelPatience = undefined;
      const current = this.#tokenManager.currentToken();
      const [longest] = this.#waiting;
      if (this.#probe === undefined && current !== undefined && longest?.isDue(current, this.#clock.now())) {
        this.#start(longest, current);
      }
    });
  }

  #start(connection: LiveConnection, token: Token): void {
    this.#waiting.delete(connection);
    connection.inFlight = true;
    connection.attempts++;
    this.#active++;
    if (token.version > this.#provenVersion) this.#probe ??= connection;
    const startedMs = this.#clock.monotonic();
    let holdsSlot = true;
    const freeSlot = (): void => {
      if (!holdsSlot) return;
      holdsSlot = false;
      this.#active--;
      if (this.#probe === connection) this.#probe = undefined;
      this.#pump();
    };
    const cancelTimeout = this.#clock.schedule(this.#options.authTimeoutMs, freeSlot);
    authenticate(connection.target, token)
      .then(
        (outcome) => {
          connection.inFlight = false;
          if (connection.disposed) return;
          if (outcome === 'applied') this.#applied(connection, token, this.#clock.monotonic() - startedMs);
          else this.#deferred(connection);
        },
        (cause: unknown) => {
          connection.inFlight = false;
          if (!connection.disposed) this.#refused(connection, token, cause);
        },
      )
      .finally(() => {
        cancelTimeout();
        freeSlot();
      });
  }

  #applied(connection: LiveConnection, token: Token, durationMs: number): void {
    const { attempts } = connection;
    connection.signedIn(token, this.#clock.now());
    this.#reports.reauthenticated({
      connectionId: connection.target.id,
      version: token.version,
      attempt: attempts,
      durationMs,
    });
    this.#settleIn(connection);
  }

  /** A sign-in, by handshake or AUTH, succeeded: proves its token, starts its watch, and looks whether more is due. */
  #settleIn(connection: LiveConnection): void {
    const { token } = connection;
    const { expiryPolicy, random } = this.#options;
    const nowMs = this.#clock.now();
    const key = expiryPolicy === 'close-at-expiry' ? token.version : connection;
    if (key === connection) this.#expiryWatch.delete(key);
    this.#expiryWatch.add(key, connection.riskInMs(nowMs));
    this.#prove(token);
    const dueInMs = connection.dueAtMs - nowMs;
    // Connections that were opened together would otherwise come due together.
    if (Number.isFinite(dueInMs)) this.#schedule(connection, dueInMs * (1 + DUE_JITTER * random()));
    else this.#enqueue(connection);
  }

  #deferred(connection: LiveConnection): void {
    connection.attempts--;
    connection.deferrals++;
    this.#schedule(connection, deferralDelayMs(connection.deferrals));
  }

  #refused(connection: LiveConnection, token: Token, cause: unknown): void {
    const { id } = connection.target;
    const error = refusalError(id, cause);
    connection.lastError = error;
    const remainingMs = connection.remainingMs(this.#clock.now());
    const nextAttemptInMs = refusalDelayMs(connection.attempts, remainingMs, this.#options.random());
    this.#schedule(connection, nextAttemptInMs);
    this.#reports.failed({
      connectionId: id,
      version: token.version,
      attempt: connection.attempts,
      error,
      nextAttemptInMs,
    });
  }

  /** A server took `token`: those who waited for that may follow, spread again so that they do not come all at once. */
  #prove(token: Token): void {
    if (token.version <= this.#provenVersion) return;
    this.#provenVersion = token.version;
    this.#cancelPatience?.();
    this.#cancelPatience = undefined;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    this.#spread(waiting);
  }

  #nearExpiry(key: number | LiveConnection): void {
    for (const connection of typeof key === 'number' ? [...this.#connections] : [key]) {
      if (key === connection || connection.token.version === key) this.#atRisk(connection);
    }
  }

  #atRisk(connection: LiveConnection): void {
    if (connection.disposed || connection.reportedAtRisk) return;
    connection.reportedAtRisk = true;
    const { id } = connection.target;
    const cause = connection.lastError ?? this.#tokenManager.status().lastError;
    const expiresInMs = Math.max(0, connection.remainingMs(this.#clock.now()));
    this.#reports.atRisk({
      connectionId: id,
      version: connection.token.version,
      expiresInMs,
      error: atRiskError(id, expiresInMs, cause),
    });
    this.#enqueue(connection);
  }

  #remove(connection: LiveConnection): void {
    if (connection.disposed) return;
    connection.disposed = true;
    connection.cancelNext?.();
    this.#expiryWatch.delete(connection);
    this.#waiting.delete(connection);
    this.#connections.delete(connection);
    if (this.#connections.size > 0) return;
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    this.#cancelPatience?.();
    this.#cancelPatience = undefined;
    this.#expiryWatch.clear();
  }
}

/** A target that throws instead of rejecting is treated alike. */
async function authenticate(target: ReauthenticationTarget, token: Token): Promise<'applied' | 'deferred'> {
  return target.authenticate(token);
}
