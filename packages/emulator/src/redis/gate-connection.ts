import type { Socket } from 'node:net';
import { scheduleAt } from '../deadline.js';
import {
  type AuthenticationKind,
  encodeCommand,
  readAuthenticationCommand,
} from './authentication-command.js';
import type { CloseReason, GateRefusalReason } from './gate-events.js';
import { ReplyScanner } from './reply-scanner.js';
import { ReplyTracker } from './reply-tracker.js';
import { RequestParser, type RequestPart } from './request-parser.js';

/** What the gate makes of credentials: the server's own password to send instead, or why they are refused. */
export type GateVerdict =
  | { readonly allowed: true; readonly serverPassword: string; readonly expiresAtMs: number }
  | { readonly allowed: false; readonly reason: GateRefusalReason; readonly refusalLine?: string };

/** Credentials on their way to a decision. */
export interface Attempt {
  readonly kind: AuthenticationKind;
  readonly username: string;
  readonly verdict: GateVerdict;
}

/** What a connection asks of its gate, and tells it. */
export interface GateConnectionOwner {
  judge(username: string, password: string): Promise<GateVerdict>;
  onAuthentication(connection: GateConnection, attempt: Attempt, accepted: boolean): void;
  onClosed(connection: GateConnection, reason: CloseReason): void;
}

/**
 * One client's connection and its twin to the server. Hands bytes on in order, waits at each AUTH or HELLO until the
 * credentials are judged, and closes both when the token last accepted runs out.
 */
export class GateConnection {
  readonly id: number;
  readonly remotePort: number;
  username: string | undefined;
  expiresAtMs: number | undefined;
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #owner: GateConnectionOwner;
  readonly #parser = new RequestParser();
  readonly #scanner = new ReplyScanner();
  readonly #tracker: ReplyTracker<Attempt>;
  readonly #waiting: (RequestPart | { readonly type: 'end' })[] = [];
  #judging = false;
  /** Whether the reply that is being read is dropped, to be replaced when it is complete. */
  #replacing = false;
  #clientEnded = false;
  #closed = false;
  #cancelExpiry: () => void = () => undefined;

  constructor(id: number, client: Socket, server: Socket, owner: GateConnectionOwner) {
    this.id = id;
    this.remotePort = client.remotePort ?? 0;
    this.#client = client;
    this.#server = server;
    this.#owner = owner;
    this.#tracker = new ReplyTracker({
      onAuthentication: (attempt, accepted) => this.#settle(attempt, accepted ?? attempt.verdict.allowed),
      onReset: () => this.#signOut(),
    });
    client.on('data', (chunk: Buffer) => this.#take(...this.#parser.push(chunk)));
    client.once('end', () => this.#take({ type: 'end' }));
    client.once('error', () => this.close('client'));
    client.once('close', () => this.close('client'));
    client.on('drain', () => server.resume());
    server.on('data', (chunk: Buffer) => this.#onServerData(chunk));
    server.once('error', () => this.close('server'));
    server.once('end', () => this.#onServerEnd());
    server.once('close', () => this.#onServerEnd());
    server.on('drain', () => this.#resumeClient());
  }

  /** Closes both sides at once, without a word. */
  close(reason: CloseReason): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelExpiry();
    this.#client.destroy();
    this.#server.destroy();
    this.#owner.onClosed(this, reason);
  }

  #take(...parts: (RequestPart | { readonly type: 'end' })[]): void {
    this.#waiting.push(...parts);
    this.#proceed();
  }

  #proceed(): void {
    while (!this.#judging && !this.#closed) {
      const part = this.#waiting.shift();
      if (part === undefined) return;
      switch (part.type) {
        case 'bytes':
          this.#sendToServer(part.bytes);
          break;
        case 'command':
          this.#tracker.expect(part.command);
          break;
        case 'end':
          this.#clientEnded = true;
          this.#server.end();
          break;
        case 'authentication':
          this.#judging = true;
          this.#client.pause();
          this.#authenticate(part.args, part.bytes).then(
            () => {
              this.#judging = false;
              this.#resumeClient();
              this.#proceed();
            },
            () => this.close('server'),
          );
      }
    }
  }

  /** Credentials let through go on with the server's own password; all others go on as they came, for the server to refuse. */
  async #authenticate(args: readonly Buffer[], bytes: readonly Buffer[]): Promise<void> {
    const { kind, credentials, protocol } = readAuthenticationCommand(args);
    const expected = {
      name: kind,
      argumentCount: args.length,
      ...(protocol === undefined ? {} : { protocol }),
    };
    if (credentials === undefined) {
      this.#tracker.expect(expected);
      for (const piece of bytes) this.#sendToServer(piece);
      return;
    }
    const { username, password, passwordIndex } = credentials;
    const verdict = await this.#owner.judge(username, password);
    const attempt = { kind, username, verdict };
    if (verdict.allowed) {
      this.#tracker.expect({ ...expected, attempt });
      this.#sendToServer(encodeCommand(args.with(passwordIndex, Buffer.from(verdict.serverPassword))));
      return;
    }
    const { refusalLine } = verdict;
    this.#tracker.expect({ ...expected, attempt, ...(refusalLine === undefined ? {} : { refusalLine }) });
    for (const piece of bytes) this.#sendToServer(piece);
  }

  #settle(attempt: Attempt, accepted: boolean): void {
    if (accepted) {
      this.#cancelExpiry();
      this.username = attempt.username;
      this.expiresAtMs = attempt.verdict.allowed ? attempt.verdict.expiresAtMs : undefined;
      this.#cancelExpiry =
        this.expiresAtMs === undefined
          ? () => undefined
          : scheduleAt(this.expiresAtMs, () => this.close('expired'));
    }
    this.#owner.onAuthentication(this, attempt, accepted);
  }

  #signOut(): void {
    this.#cancelExpiry();
    this.username = undefined;
    this.expiresAtMs = undefined;
  }

  #onServerData(chunk: Buffer): void {
    let position = 0;
    let sendFrom = 0;
    while (position < chunk.length && (this.#tracker.following || this.#replacing)) {
      if (this.#scanner.atBoundary) {
        const typeByte = chunk[position] as number;
        this.#scanner.collectElements = this.#tracker.wantsElements(typeByte);
        if (this.#tracker.mayReplace(typeByte)) {
          this.#sendToClient(chunk.subarray(sendFrom, position));
          this.#replacing = true;
        }
      }
      const { position: next, frame } = this.#scanner.scan(chunk, position);
      position = next;
      if (frame === undefined) break;
      const line = this.#tracker.accept(frame);
      if (!this.#replacing) continue;
      this.#sendToClient(Buffer.from(`${line ?? frame.line}\r\n`, 'latin1'));
      sendFrom = position;
      this.#replacing = false;
    }
    if (!this.#replacing) this.#sendToClient(chunk.subarray(sendFrom));
  }

  #onServerEnd(): void {
    if (this.#closed) return;
    // What the server said last must still reach the client.
    this.#client.end(() => this.close(this.#clientEnded ? 'client' : 'server'));
  }

  #sendToClient(bytes: Buffer): void {
    if (!this.#closed && bytes.length > 0 && !this.#client.write(bytes)) this.#server.pause();
  }

  #sendToServer(bytes: Buffer): void {
    if (!this.#closed && !this.#server.write(bytes)) this.#client.pause();
  }

  #resumeClient(): void {
    if (!this.#judging && !this.#server.writableNeedDrain) this.#client.resume();
  }
}
