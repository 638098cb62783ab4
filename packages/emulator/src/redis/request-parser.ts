import { splitInlineArguments } from './inline-arguments.js';

/** One command of the client, without its bytes. */
export interface RequestCommand {
  /** Upper case; empty for a name too long to matter here. */
  readonly name: string;
  readonly argumentCount: number;
  /** Upper case; of `CLIENT` only. */
  readonly subcommand?: string;
}

/** A stretch of the client's stream, in order. */
export type RequestPart =
  /** Bytes to hand on as they are: views into the chunks that came, not copies. */
  | { readonly type: 'bytes'; readonly bytes: Buffer }
  /** An ordinary command is complete. Comes before the last of its bytes. */
  | { readonly type: 'command'; readonly command: RequestCommand }
  /** AUTH or HELLO, held back whole: its arguments, name included, and its bytes. */
  | { readonly type: 'authentication'; readonly args: readonly Buffer[]; readonly bytes: readonly Buffer[] };

const LF = 10;
const CR = 13;
const DOLLAR = 36;
const ASTERISK = 42;

/** Redis takes lines up to 64 KiB (PROTO_INLINE_MAX_SIZE, server.h of Redis 7.0). */
const MAX_LINE_BYTES = 64 * 1024;
/** No command name that matters here is longer. */
const MAX_NAME_BYTES = 16;
/** Before authentication Redis takes bulks up to 16 KiB (networking.c of Redis 7.0); a longer one is no credential. */
const MAX_CREDENTIAL_BYTES = 16 * 1024;
/** HELLO with AUTH and SETNAME has 7. */
const MAX_CREDENTIAL_ARGUMENTS = 16;

type State = 'start' | 'count' | 'inline' | 'length' | 'payload' | 'opaque';

/**
 * Reads a client's stream (multibulk and inline) chunk by chunk, however it is cut. Payloads are counted, not read; only
 * AUTH and HELLO are held back, and the head of a command until its name is known. Bytes that are no valid request make
 * the rest of the stream opaque: it is handed on, and what to say about it is the server's business.
 */
export class RequestParser {
  #state: State = 'start';
  #chunk: Buffer = Buffer.alloc(0);
  #position = 0;
  /** Where the bytes of this chunk begin that are in no part yet. */
  #passFrom = 0;
  /** Where in this chunk the current command begins; 0 when it began earlier. */
  #commandFrom = 0;
  #parts: RequestPart[] = [];

  #disposition: 'undecided' | 'ordinary' | 'held' = 'ordinary';
  /** Bytes of earlier chunks that belong to the current command and are not handed on. */
  #retained: Buffer[] = [];
  #line: Buffer | undefined;
  #name = '';
  #argumentCount = 0;
  #args: Buffer[] = [];
  #argumentsLeft = 0;
  #payloadLeft = 0;
  /** The pieces of the current argument, when it is kept. */
  #pieces: Buffer[] | undefined;

  /** The parts that `chunk` completes. */
  push(chunk: Buffer): RequestPart[] {
    this.#chunk = chunk;
    this.#position = 0;
    this.#passFrom = 0;
    this.#commandFrom = 0;
    this.#parts = [];
    while (this.#position < chunk.length) this.#step();
    if (this.#disposition === 'ordinary') {
      this.#passUpTo(chunk.length);
    } else {
      this.#passUpTo(this.#commandFrom);
      this.#retained.push(chunk.subarray(this.#commandFrom));
    }
    return this.#parts;
  }

  #step(): void {
    switch (this.#state) {
      case 'start':
        this.#commandFrom = this.#position;
        this.#disposition = 'undecided';
        this.#name = '';
        this.#args = [];
        this.#state = this.#chunk[this.#position] === ASTERISK ? 'count' : 'inline';
        return;
      case 'payload':
        this.#readPayload();
        return;
      case 'opaque':
        this.#position = this.#chunk.length;
        return;
      default: {
        const line = this.#readLine();
        if (line !== undefined) this.#readHeader(this.#state, line);
      }
    }
  }

  #readLine(): Buffer | undefined {
    const end = this.#chunk.indexOf(LF, this.#position);
    const piece = this.#chunk.subarray(this.#position, end === -1 ? undefined : end);
    const line = this.#line === undefined ? piece : Buffer.concat([this.#line, piece]);
    this.#position = end === -1 ? this.#chunk.length : end + 1;
    this.#line = end === -1 ? line : undefined;
    if (line.length > MAX_LINE_BYTES) this.#giveUp();
    if (end === -1 || this.#state === 'opaque') return undefined;
    return line.at(-1) === CR ? line.subarray(0, -1) : line;
  }

  #readHeader(state: 'count' | 'inline' | 'length', line: Buffer): void {
    if (state === 'inline') {
      this.#readInline(line);
      return;
    }
    const value = line[0] === (state === 'count' ? ASTERISK : DOLLAR) ? parseInteger(line) : undefined;
    if (value === undefined || (state === 'length' && value < 0)) {
      this.#giveUp();
    } else if (state === 'length') {
      this.#startArgument(value);
    } else if (value <= 0) {
      // Redis reads an empty multibulk as nothing at all, without a reply.
      this.#treatAsOrdinary();
      this.#state = 'start';
    } else {
      this.#argumentCount = value;
      this.#argumentsLeft = value;
      this.#state = 'length';
    }
  }

  #readInline(line: Buffer): void {
    const args = splitInlineArguments(line);
    if (args === undefined) {
      this.#giveUp();
      return;
    }
    const [name] = args;
    if (name === undefined) {
      this.#treatAsOrdinary();
      this.#state = 'start';
      return;
    }
    this.#argumentCount = args.length;
    this.#args = args;
    this.#decide(name);
    this.#finish();
  }

  #startArgument(length: number): void {
    if (this.#disposition === 'held' && length > MAX_CREDENTIAL_BYTES) this.#treatAsOrdinary();
    const isName = this.#argumentsLeft === this.#argumentCount;
    const isSubcommand = this.#name === 'CLIENT' && this.#argumentsLeft === this.#argumentCount - 1;
    const isShort = length <= MAX_NAME_BYTES;
    if (isName && !isShort) this.#treatAsOrdinary();
    const keep = this.#disposition === 'held' || ((isName || isSubcommand) && isShort);
    this.#pieces = keep ? [] : undefined;
    this.#payloadLeft = length + 2;
    this.#state = 'payload';
  }

  #readPayload(): void {
    const end = Math.min(this.#position + this.#payloadLeft, this.#chunk.length);
    const left = this.#payloadLeft - (end - this.#position);
    // The last two bytes are the line end, of which a chunk may hold none, one or both.
    this.#pieces?.push(
      this.#chunk.subarray(this.#position, Math.max(this.#position, end - Math.max(0, 2 - left))),
    );
    this.#position = end;
    this.#payloadLeft = left;
    if (left > 0) return;
    const argument = this.#pieces && Buffer.concat(this.#pieces);
    if (argument !== undefined) this.#args.push(argument);
    if (argument !== undefined && this.#disposition === 'undecided') this.#decide(argument);
    this.#argumentsLeft -= 1;
    if (this.#argumentsLeft === 0) this.#finish();
    else this.#state = 'length';
  }

  #decide(name: Buffer): void {
    this.#name = name.length <= MAX_NAME_BYTES ? name.toString('latin1').toUpperCase() : '';
    const authenticates = this.#name === 'AUTH' || this.#name === 'HELLO';
    if (!authenticates || this.#argumentCount > MAX_CREDENTIAL_ARGUMENTS) {
      this.#treatAsOrdinary();
      return;
    }
    this.#disposition = 'held';
    this.#passUpTo(this.#commandFrom);
  }

  #finish(): void {
    this.#state = 'start';
    if (this.#disposition === 'held') {
      const bytes = [...this.#retained, this.#chunk.subarray(this.#passFrom, this.#position)];
      this.#parts.push({ type: 'authentication', args: this.#args, bytes });
      this.#passFrom = this.#position;
      this.#retained = [];
      this.#disposition = 'ordinary';
      return;
    }
    const command = { name: this.#name, argumentCount: this.#argumentCount };
    const subcommand = this.#name === 'CLIENT' ? this.#args[1]?.toString('latin1').toUpperCase() : undefined;
    this.#parts.push({
      type: 'command',
      command: subcommand === undefined ? command : { ...command, subcommand },
    });
  }

  #giveUp(): void {
    this.#treatAsOrdinary();
    this.#line = undefined;
    this.#state = 'opaque';
  }

  #treatAsOrdinary(): void {
    for (const bytes of this.#retained) this.#parts.push({ type: 'bytes', bytes });
    this.#retained = [];
    this.#disposition = 'ordinary';
  }

  #passUpTo(end: number): void {
    if (end > this.#passFrom) {
      this.#parts.push({ type: 'bytes', bytes: this.#chunk.subarray(this.#passFrom, end) });
    }
    this.#passFrom = Math.max(end, this.#passFrom);
  }
}

/** The integer behind the type byte of a header line; undefined unless it is one. */
function parseInteger(line: Buffer): number | undefined {
  const text = line.toString('latin1', 1);
  return /^-?\d{1,15}$/.test(text) ? Number(text) : undefined;
}
