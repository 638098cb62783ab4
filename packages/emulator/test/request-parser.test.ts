import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encodeCommand } from '../src/redis/authentication-command.js';
import { RequestParser, type RequestPart } from '../src/redis/request-parser.js';

/** What came out, with neighbouring bytes joined: cutting a stream elsewhere must not change it. */
interface Outcome {
  readonly commands: readonly string[];
  readonly held: readonly string[];
  /** All bytes in order, those of held commands included. */
  readonly bytes: string;
}

function outcome(parts: readonly RequestPart[]): Outcome {
  const commands: string[] = [];
  const held: string[] = [];
  const bytes: Buffer[] = [];
  for (const part of parts) {
    if (part.type === 'bytes') bytes.push(part.bytes);
    else if (part.type === 'command') commands.push(`${part.command.name}/${part.command.argumentCount}`);
    else {
      const args = part.args.map((arg) => arg.toString('hex')).join(' ');
      commands.push(`held:${args}`);
      held.push(args);
      bytes.push(...part.bytes);
    }
  }
  return { commands, held, bytes: Buffer.concat(bytes).toString('hex') };
}

function parse(...chunks: readonly Buffer[]): RequestPart[] {
  const parser = new RequestParser();
  return chunks.flatMap((chunk) => parser.push(chunk));
}

function text(stream: string): Buffer {
  return Buffer.from(stream, 'latin1');
}

/** Cuts `stream` at the given fractions of its length. */
function cut(stream: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [...new Set([0, ...cuts.map((cut) => Math.floor(cut * stream.length)), stream.length])].sort(
    (a, b) => a - b,
  );
  return at.slice(1).map((end, index) => stream.subarray(at[index], end));
}

const payload = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));
const argument = fc.oneof(
  payload,
  fc.constantFrom('AUTH', '*3\r\n', '$5\r\n', '\r\n').map((t) => text(t)),
);
const ordinaryName = fc
  .constantFrom('GET', 'set', 'MULTI', 'SUBSCRIBE', 'aVeryLongCommandNameIndeed')
  .map(text);
const heldName = fc.constantFrom('AUTH', 'auth', 'HELLO', 'hello').map(text);
const ordinary = fc.tuple(ordinaryName, fc.array(argument, { maxLength: 5 })).map(([name, args]) => ({
  bytes: encodeCommand([name, ...args]),
  label: `${label(name)}/${args.length + 1}`,
}));
const authentication = fc.tuple(heldName, fc.array(argument, { maxLength: 6 })).map(([name, args]) => ({
  bytes: encodeCommand([name, ...args]),
  label: `held:${[name, ...args].map((arg) => arg.toString('hex')).join(' ')}`,
}));
const inline = fc.constantFrom('PING', 'GET a', 'SET k "a b"').map((line) => ({
  bytes: text(`${line}\r\n`),
  label: `${line.split(' ')[0]}/${line.split(' ', 3).length}`,
}));
const nothing = fc
  .constantFrom('\r\n', '*0\r\n', '*-1\r\n')
  .map((line) => ({ bytes: text(line), label: '' }));

function label(name: Buffer): string {
  return name.length > 16 ? '' : name.toString().toUpperCase();
}

describe('RequestParser', () => {
  it('finds the same commands and hands on the same bytes wherever a stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(ordinary, authentication, inline, nothing), { maxLength: 12 }),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 30 }),
        (commands, cuts) => {
          const stream = Buffer.concat(commands.map(({ bytes }) => bytes));
          const found = outcome(parse(...cut(stream, cuts)));
          expect(found.commands).toEqual(commands.map((command) => command.label).filter((l) => l !== ''));
          expect(found.bytes).toBe(stream.toString('hex'));
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('finds the same commands when a stream comes byte by byte', () => {
    const stream = Buffer.concat([
      encodeCommand(['SET', 'k', '\r\n*1\r\n']),
      encodeCommand(['AUTH', 'user', 'secret']),
      text('PING\r\n'),
      encodeCommand(['HELLO', '3', 'AUTH', 'user', 'secret']),
    ]);
    const bytewise = outcome(parse(...[...stream].map((byte) => Buffer.from([byte]))));
    expect(bytewise).toEqual(outcome(parse(stream)));
    expect(bytewise.held).toHaveLength(2);
  });

  it('never changes or loses a byte, whatever comes', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(payload, fc.constantFrom('*2\r\n', '$4\r\n', 'AUTH\r\n', '$-1\r\n', '*x\r\n').map(text)),
        ),
        (chunks) => {
          const parser = new RequestParser();
          const found = outcome(chunks.flatMap((chunk) => parser.push(chunk)));
          const sent = Buffer.concat(chunks).toString('hex');
          expect(sent.startsWith(found.bytes)).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('hands on a 5 MB value as views into the chunks that came, without holding any back', () => {
    const command = encodeCommand(['SET', 'k', Buffer.alloc(5_000_000, 'x')]);
    const parser = new RequestParser();
    let handedOn = 0;
    for (let at = 0; at < command.length; at += 65_536) {
      const chunk = command.subarray(at, at + 65_536);
      for (const part of parser.push(chunk)) {
        if (part.type !== 'bytes') continue;
        expect(part.bytes.buffer).toBe(command.buffer);
        handedOn += part.bytes.length;
      }
      expect(handedOn).toBe(Math.min(at + 65_536, command.length));
    }
  });

  it('reports a command before the last of its bytes, so that its reply cannot come first', () => {
    const types = parse(text('*1\r\n$4\r\nPI'), text('NG\r\n')).map((part) => part.type);
    expect(types).toEqual(['bytes', 'command', 'bytes']);
  });

  it('keeps the subcommand of CLIENT and of nothing else', () => {
    const parts = parse(encodeCommand(['client', 'reply', 'OFF']), encodeCommand(['CONFIG', 'GET', 'x']));
    const commands = parts.flatMap((part) => (part.type === 'command' ? [part.command] : []));
    expect(commands).toEqual([
      { name: 'CLIENT', argumentCount: 3, subcommand: 'REPLY' },
      { name: 'CONFIG', argumentCount: 3 },
    ]);
  });

  it.each([16 * 1024, 16 * 1024 + 1])('holds back a password of up to 16384 bytes: %i', (length) => {
    const parts = parse(encodeCommand(['AUTH', 'user', Buffer.alloc(length, 'x')]));
    const expected = length > 16 * 1024 ? 'command' : 'authentication';
    expect(parts.map((part) => part.type).filter((type) => type !== 'bytes')).toEqual([expected]);
  });

  it.each([16, 17])('holds back an AUTH of up to 16 arguments: %i', (count) => {
    const parts = parse(encodeCommand(['AUTH', ...Array<string>(count - 1).fill('x')]));
    expect(parts.some((part) => part.type === 'authentication')).toBe(count <= 16);
  });

  it.each([
    ['a count that is no number', '*x\r\n'],
    ['a length that is no number', '*1\r\n$x\r\n'],
    ['a negative length', '*1\r\n$-1\r\n'],
    ['a bulk without its dollar', '*1\r\n+4\r\n'],
    ['an open quote', 'SET k "v\r\n'],
    ['a line of more than 64 KiB', 'x'.repeat(65_537)],
  ])('hands on everything behind %s unread, AUTH included', (_, broken) => {
    const auth = encodeCommand(['AUTH', 'user', 'secret']);
    const found = outcome(parse(text(broken), auth));
    expect(found.commands).toEqual([]);
    expect(found.bytes).toBe(Buffer.concat([text(broken), auth]).toString('hex'));
  });
});
