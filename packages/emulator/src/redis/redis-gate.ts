import { connect, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { ServerCertificate } from '../certificate-authority.js';
import { EmulatorError } from '../emulator-error.js';
import { EventHub, type TypedEventSource } from '../event-hub.js';
import type { TokenVerifier } from '../identity/token-verifier.js';
import { LoopbackListener } from '../loopback-listener.js';
import { checkInteger, checkKnownOptions, checkList, checkText } from '../option-checks.js';
import { AccessList, DATA_OWNER_RULES } from './access-list.js';
import { type Attempt, GateConnection, type GateVerdict } from './gate-connection.js';
import type { AuthEvent, CloseReason, GateEvents } from './gate-events.js';
import { refusalLineOf, WRONGPASS } from './refusal-text.js';
import type { ServerAccess } from './server-access.js';

/** How many decided AUTHs {@link RedisGate.auths} remembers. */
const MAX_AUTHS = 10_000;

/** What a gate stands before, and whom it lets in. */
export interface RedisGateOptions {
  /** The real server, which the gate takes over: it adds users and turns the default user off. */
  readonly server: ServerAccess;
  /** Judges the tokens: `identity.verifier`, or a `TokenVerifier` of your own. */
  readonly verifier: TokenVerifier;
  /** Object ids that have access from the start, with all commands and keys. Default: none. */
  readonly assigned?: readonly string[];
  /** The port to listen on, 0 to 65535; 0 takes a free one. Default: 0. */
  readonly port?: number;
  /** Key and certificate (PEM) to serve TLS with. Default: plain TCP. */
  readonly tls?: ServerCertificate;
}

/** One open connection, as it is now. */
export interface OpenConnection {
  readonly connectionId: number;
  readonly remotePort: number;
  readonly username?: string;
  /** When the gate will close it unless a newer token is accepted first, epoch ms. */
  readonly expiresAtMs?: number;
}

/**
 * Azure's side of a Redis connection: before a real server, it takes Entra tokens as passwords, closes the connection
 * when the token last accepted on it runs out, and counts. Everything else is the server's own.
 */
export class RedisGate implements TypedEventSource<GateEvents>, AsyncDisposable {
  readonly host: string = '127.0.0.1';
  readonly port: number;
  /** Access to the server past the gate, with all rights, for a test's own observations. */
  readonly server: ServerAccess;
  readonly #verifier: TokenVerifier;
  readonly #accessList: AccessList;
  readonly #events = new EventHub<GateEvents>();
  readonly #open = new Map<number, GateConnection>();
  readonly #auths: AuthEvent[] = [];
  readonly #refusals: string[] = [];
  #listener: LoopbackListener;
  #total = 0;
  #refused = 0;
  #accepted = 0;
  #closedByExpiry = 0;

  /**
   * Takes the server over and listens. Rejects with `INVALID_OPTION`, with `REDIS_SERVER_FAILED` when the server cannot
   * be reached or does not obey, and with `PORT_UNAVAILABLE`.
   */
  static async start(options: RedisGateOptions): Promise<RedisGate> {
    checkKnownOptions('RedisGate', options, ['server', 'verifier', 'assigned', 'port', 'tls']);
    const { server, verifier, assigned = [], port = 0, tls } = options;
    checkText('server.host', server?.host);
    checkInteger('server.port', server?.port, 1, 65_535);
    if (typeof verifier?.verify !== 'function') {
      throw new EmulatorError('INVALID_OPTION', 'verifier must be a TokenVerifier');
    }
    for (const objectId of checkList('assigned', assigned)) checkText('assigned', objectId);
    checkInteger('port', port, 0, 65_535);
    if (tls !== undefined) {
      checkText('tls.key', tls.key);
      checkText('tls.cert', tls.cert);
    }
    const accessList = await AccessList.takeOver(server);
    for (const objectId of assigned) await accessList.assign(objectId, DATA_OWNER_RULES);
    let admit: (socket: Socket) => void = (socket) => socket.destroy();
    const createGateServer = (): Server => {
      const onSocket = (socket: Socket): void => admit(socket);
      const common = { allowHalfOpen: true, noDelay: true };
      return tls === undefined
        ? createServer(common, onSocket)
        : createTlsServer({ ...common, ...tls }, onSocket);
    };
    const listener = await LoopbackListener.listen(createGateServer, port);
    const gate = new RedisGate(verifier, accessList, listener);
    admit = (socket) => gate.#admit(socket);
    return gate;
  }

  private constructor(verifier: TokenVerifier, accessList: AccessList, listener: LoopbackListener) {
    this.#verifier = verifier;
    this.#accessList = accessList;
    this.#listener = listener;
    this.port = listener.port;
    this.server = accessList.admin;
  }

  /** How many clients have connected so far, and how many still are. */
  get connections(): { readonly total: number; readonly open: number } {
    return { total: this.#total, open: this.#open.size };
  }

  /** The connections open now, oldest first. */
  openConnections(): readonly OpenConnection[] {
    return [...this.#open.values()].map(({ id, remotePort, username, expiresAtMs }) => ({
      connectionId: id,
      remotePort,
      ...(username === undefined ? {} : { username }),
      ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
    }));
  }

  /** The newest 10000 decided AUTHs and HELLOs with credentials, oldest first; of one connection when its id is given. */
  auths(connectionId?: number): readonly AuthEvent[] {
    return this.#auths.filter((auth) => connectionId === undefined || auth.connectionId === connectionId);
  }

  /** AUTHs and HELLOs whose credentials were accepted. */
  get accepted(): number {
    return this.#accepted;
  }

  /** AUTHs and HELLOs whose credentials were refused. */
  get refused(): number {
    return this.#refused;
  }

  /** Connections that the gate closed because their token ran out. */
  get closedByExpiry(): number {
    return this.#closedByExpiry;
  }

  /**
   * Gives an identity access to the cache, or changes it, open connections included. `rules` are Redis ACL rules, e.g.
   * `~app:* +@read`; default: everything. Rejects with `REDIS_SERVER_FAILED` when the server refuses them.
   */
  async assign(objectId: string, rules: string = DATA_OWNER_RULES): Promise<void> {
    await this.#accessList.assign(checkText('objectId', objectId), checkText('rules', rules));
  }

  /** Takes an identity's access away. The server closes its connections. */
  async unassign(objectId: string): Promise<void> {
    await this.#accessList.unassign(checkText('objectId', objectId));
  }

  /** Refuses `token` from now on. Connections that signed in with it stay open, as on a server that only checks at AUTH. */
  revoke(token: string): void {
    this.#verifier.revoke(checkText('token', token));
  }

  /**
   * Refuses the next `count` AUTHs and HELLOs with credentials, whatever they carry, with `text` as the error: one of
   * `WRONGPASS` and `ERR_WRONGPASS`, or any line of your own.
   */
  refuseNext(count: number, text: string = WRONGPASS): void {
    checkInteger('refuseNext count', count, 0, 1_000_000);
    const line = refusalLineOf(text);
    for (let i = 0; i < count; i += 1) this.#refusals.push(line);
  }

  /** Cuts every connection. Returns how many there were. */
  killAll(): number {
    const open = [...this.#open.values()];
    for (const connection of open) connection.close('killed');
    return open.length;
  }

  /** Cuts one connection. False when it was not open. */
  kill(connectionId: number): boolean {
    const connection = this.#open.get(connectionId);
    connection?.close('killed');
    return connection !== undefined;
  }

  on<Name extends keyof GateEvents>(name: Name, listener: (event: GateEvents[Name]) => void): () => void {
    return this.#events.on(name, listener);
  }

  once<Name extends keyof GateEvents>(
    name: Name,
    matches?: (event: GateEvents[Name]) => boolean,
  ): Promise<GateEvents[Name]> {
    return this.#events.once(name, matches);
  }

  /** Cuts every connection and stops listening. The server behind keeps running. Idempotent. */
  async close(): Promise<void> {
    this.killAll();
    await this.#listener.close();
    this.#events.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #admit(client: Socket): void {
    const { host, port } = this.server;
    this.#total += 1;
    const server = connect({ host, port, noDelay: true });
    const connection = new GateConnection(this.#total, client, server, {
      judge: (username, password) => this.#judge(username, password),
      onAuthentication: (from, attempt, accepted) => this.#record(from, attempt, accepted),
      onClosed: (from, reason) => this.#forget(from, reason),
    });
    this.#open.set(connection.id, connection);
    this.#events.emit('connection', {
      connectionId: connection.id,
      remotePort: connection.remotePort,
      at: Date.now(),
    });
  }

  async #judge(username: string, password: string): Promise<GateVerdict> {
    const refusalLine = this.#refusals.shift();
    if (refusalLine !== undefined) return { allowed: false, reason: 'refuse-next', refusalLine };
    const verdict = await this.#verifier.verify(password).catch(() => undefined);
    if (verdict === undefined) return { allowed: false, reason: 'keys-unavailable' };
    if (!verdict.valid) return { allowed: false, reason: verdict.reason };
    if (verdict.objectId !== username) return { allowed: false, reason: 'username' };
    const serverPassword = this.#accessList.passwordOf(username);
    if (serverPassword === undefined) return { allowed: false, reason: 'not-assigned' };
    return { allowed: true, serverPassword, expiresAtMs: verdict.expiresAtMs };
  }

  #record({ id, remotePort }: GateConnection, { kind, username, verdict }: Attempt, accepted: boolean): void {
    const common = { connectionId: id, remotePort, kind, username, accepted, at: Date.now() };
    let event: AuthEvent = common;
    if (!accepted) event = { ...common, reason: verdict.allowed ? 'server' : verdict.reason };
    else if (verdict.allowed) event = { ...common, expiresAtMs: verdict.expiresAtMs };
    if (accepted) this.#accepted += 1;
    else this.#refused += 1;
    this.#auths.push(event);
    if (this.#auths.length > MAX_AUTHS) this.#auths.shift();
    this.#events.emit('auth', event);
  }

  #forget({ id, remotePort, username }: GateConnection, reason: CloseReason): void {
    this.#open.delete(id);
    if (reason === 'expired') this.#closedByExpiry += 1;
    const event = { connectionId: id, remotePort, reason, at: Date.now() };
    this.#events.emit('closed', username === undefined ? event : { ...event, username });
  }
}
