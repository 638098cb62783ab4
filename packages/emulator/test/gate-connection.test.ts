import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { GateConnection, type GateVerdict } from '../src/redis/gate-connection.js';
import type { CloseReason } from '../src/redis/gate-events.js';
import { command } from './raw-client.js';

/** A socket whose other end reads only when told to. */
class StubbornSocket extends Duplex {
  readonly taken: string[] = [];
  #accept: (() => void)[] = [];
  #accepting = true;

  constructor() {
    super({ highWaterMark: 16, allowHalfOpen: true });
  }

  override _read(): void {}

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.taken.push(chunk.toString('latin1'));
    if (this.#accepting) done();
    else this.#accept.push(done);
  }

  stopReading(): void {
    this.#accepting = false;
  }

  startReading(): void {
    this.#accepting = true;
    for (const done of this.#accept.splice(0)) done();
  }
}

function setup(judge: () => Promise<GateVerdict> = () => new Promise(() => undefined)) {
  const client = new StubbornSocket();
  const server = new StubbornSocket();
  const closed: CloseReason[] = [];
  const decided: boolean[] = [];
  const connection = new GateConnection(1, client as unknown as Socket, server as unknown as Socket, {
    judge,
    onAuthentication: (_, __, accepted) => decided.push(accepted),
    onClosed: (_, reason) => closed.push(reason),
  });
  return { client, server, connection, closed, decided };
}

function pendingVerdict(): {
  readonly promise: Promise<GateVerdict>;
  readonly resolve: (verdict: GateVerdict) => void;
} {
  let resolve: (verdict: GateVerdict) => void = () => undefined;
  const promise = new Promise<GateVerdict>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/** Lets streams and promises have their turns. */
async function turns(): Promise<void> {
  for (let i = 0; i < 5; i += 1) await new Promise((resolve) => setImmediate(resolve));
}

describe('GateConnection', () => {
  it('stops reading from the client while the server does not take what it has', async () => {
    const { client, server } = setup();
    server.stopReading();
    client.push(Buffer.from(command(['SET', 'k', 'x'.repeat(100)])));
    await turns();
    expect(client.isPaused()).toBe(true);
    server.startReading();
    await turns();
    expect(client.isPaused()).toBe(false);
  });

  it('stops reading from the server while the client does not take what it has', async () => {
    const { client, server } = setup();
    client.stopReading();
    server.push(Buffer.from(`$100\r\n${'x'.repeat(100)}\r\n`));
    await turns();
    expect(server.isPaused()).toBe(true);
    client.startReading();
    await turns();
    expect(server.isPaused()).toBe(false);
  });

  it('stops reading from the client while credentials are judged, even if the server drains meanwhile', async () => {
    const { promise, resolve: judge } = pendingVerdict();
    const { client, server } = setup(() => promise);
    server.stopReading();
    client.push(Buffer.from(command(['SET', 'k', 'x'.repeat(100)]) + command(['AUTH', 'u', 'p'])));
    await turns();
    server.startReading();
    await turns();
    expect(client.isPaused()).toBe(true);
    expect(server.taken.join('')).not.toContain('AUTH');
    judge({ allowed: true, serverPassword: 'real', expiresAtMs: Date.now() + 60_000 });
    await turns();
    expect(client.isPaused()).toBe(false);
    expect(server.taken.join('').endsWith(command(['AUTH', 'u', 'real']))).toBe(true);
  });

  it('stops reading from the client while credentials are judged, and not before', async () => {
    const { promise, resolve: judge } = pendingVerdict();
    const { client } = setup(() => promise);
    client.push(Buffer.from(command(['PING'])));
    await turns();
    expect(client.isPaused()).toBe(false);
    client.push(Buffer.from(command(['AUTH', 'u', 'p'])));
    await turns();
    expect(client.isPaused()).toBe(true);
    judge({ allowed: false, reason: 'malformed' });
    await turns();
    expect(client.isPaused()).toBe(false);
  });

  it('does not read on when credentials are judged while the server does not take what it has', async () => {
    const { promise, resolve: judge } = pendingVerdict();
    const { client, server } = setup(() => promise);
    server.stopReading();
    client.push(Buffer.from(command(['SET', 'k', 'x'.repeat(100)]) + command(['AUTH', 'u', 'p'])));
    await turns();
    judge({ allowed: false, reason: 'malformed' });
    await turns();
    expect(client.isPaused()).toBe(true);
    server.startReading();
    await turns();
    expect(client.isPaused()).toBe(false);
  });

  it('lets the client have the last words of the server before it closes', async () => {
    const { client, server, closed } = setup();
    client.stopReading();
    server.push(Buffer.from('-ERR last words\r\n'));
    server.push(null);
    await turns();
    expect(closed).toEqual([]);
    client.startReading();
    await turns();
    expect(client.taken.join('')).toBe('-ERR last words\r\n');
    expect(closed).toEqual(['server']);
  });

  it('hands a refusal of its own to the client in place of the one of the server, however that is cut', async () => {
    const verdict: GateVerdict = { allowed: false, reason: 'refuse-next', refusalLine: '-ERR WRONGPASS no' };
    const { client, server, decided } = setup(() => Promise.resolve(verdict));
    client.push(Buffer.from(command(['PING']) + command(['AUTH', 'u', 'p']) + command(['PING'])));
    await turns();
    for (const piece of ['+PONG\r\n-WRON', 'GPASS invalid', ' pair.\r', '\n+PO', 'NG\r\n']) {
      server.push(Buffer.from(piece));
      await turns();
    }
    expect(client.taken.join('')).toBe('+PONG\r\n-ERR WRONGPASS no\r\n+PONG\r\n');
    expect(decided).toEqual([false]);
  });

  it('leaves an error other than WRONGPASS as it is, even when a refusal of its own was asked for', async () => {
    const verdict: GateVerdict = { allowed: false, reason: 'refuse-next', refusalLine: '-ERR WRONGPASS no' };
    const { client, server } = setup(() => Promise.resolve(verdict));
    client.push(Buffer.from(command(['AUTH', 'u', 'p'])));
    await turns();
    server.push(Buffer.from("-ERR Can't execute 'auth'\r\n"));
    await turns();
    expect(client.taken.join('')).toBe("-ERR Can't execute 'auth'\r\n");
  });

  it.each<[CloseReason, (sockets: { client: StubbornSocket; server: StubbornSocket }) => void]>([
    ['client', ({ client }) => client.destroy()],
    ['client', ({ client }) => client.destroy(new Error('ECONNRESET'))],
    ['server', ({ server }) => server.destroy()],
    ['server', ({ server }) => server.destroy(new Error('ECONNRESET'))],
    ['server', ({ server }) => server.push(null)],
  ])('closes both sides and reports once when the %s ends', async (reason, end) => {
    const { client, server, closed } = setup();
    end({ client, server });
    await turns();
    expect(closed).toEqual([reason]);
    expect(client.destroyed && server.destroyed).toBe(true);
  });

  it('drops what a connection still waits for when it is closed while credentials are judged', async () => {
    const { promise, resolve: judge } = pendingVerdict();
    const { client, server, connection, decided } = setup(() => promise);
    client.push(Buffer.from(command(['AUTH', 'u', 'p']) + command(['PING'])));
    await turns();
    connection.close('killed');
    judge({ allowed: true, serverPassword: 'real', expiresAtMs: Date.now() + 60_000 });
    await turns();
    expect(server.taken).toEqual([]);
    expect(decided).toEqual([]);
  });
});
