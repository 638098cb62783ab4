/** One complete reply (or push) of the server. */
export interface ReplyFrame {
  /** RESP type byte: `+ - : $ * _ # , ( ! = % ~ >`. */
  readonly type: string;
  /** The first line without its end: the whole of a simple reply, the head of a bulk or an aggregate. */
  readonly line: string;
  /** Of an aggregate whose elements were collected: type byte and text of each; text only of simple ones and short bulks. */
  readonly elements: readonly ReplyElement[];
}

/** A direct element of an aggregate. */
export interface ReplyElement {
  readonly type: string;
  readonly text: string;
}

const LF = 10;
/** Bulks up to this length are read when elements are collected; longer ones are only counted. */
const MAX_TEXT_BYTES = 64;
const ATTRIBUTE = '|';
const AGGREGATES: Readonly<Record<string, number>> = { '*': 1, '~': 1, '>': 1, '%': 2, '|': 2 };

/**
 * Finds where each reply of a server's stream ends (RESP2 and RESP3, any nesting), chunk by chunk, however it is cut.
 * Payloads are counted, not read.
 */
export class ReplyScanner {
  /** Set at a boundary: whether the next reply's elements are wanted. */
  collectElements = false;
  /** Elements still to come, per open aggregate; the reply itself is the one element of the outermost. */
  #open: number[] = [];
  #line: Buffer | undefined;
  #payloadLeft = 0;
  #pieces: Buffer[] | undefined;
  #payloadType = '';
  #head: { readonly type: string; readonly line: string } | undefined;
  #elements: ReplyElement[] = [];

  /** Whether the next byte begins a reply. */
  get atBoundary(): boolean {
    return this.#open.length === 0 && this.#line === undefined;
  }

  /** Reads on from `position` to the end of the current reply or of the chunk, whichever comes first. */
  scan(chunk: Buffer, from: number): { readonly position: number; readonly frame?: ReplyFrame } {
    let position = from;
    if (this.#open.length === 0) this.#open = [1];
    while (position < chunk.length) {
      position = this.#payloadLeft > 0 ? this.#readPayload(chunk, position) : this.#readLine(chunk, position);
      if (this.#open.length === 0) return { position, frame: this.#takeFrame() };
    }
    return { position };
  }

  #readLine(chunk: Buffer, from: number): number {
    const end = chunk.indexOf(LF, from);
    const piece = chunk.subarray(from, end === -1 ? undefined : end);
    const line = this.#line === undefined ? piece : Buffer.concat([this.#line, piece]);
    this.#line = end === -1 ? line : undefined;
    if (end === -1) return chunk.length;
    this.#readHeader(line.toString('latin1').replace(/\r$/, ''));
    return end + 1;
  }

  #readHeader(line: string): void {
    const type = line.charAt(0);
    if (this.#open.length === 1 && type !== ATTRIBUTE) this.#head = { type, line };
    const perEntry = AGGREGATES[type];
    const isBulk = '$!='.includes(type);
    const size = perEntry === undefined && !isBulk ? 0 : Number(line.slice(1));
    if (perEntry !== undefined) {
      this.#addElement(type, '');
      // An attribute stands before a value and takes no place of its own.
      if (type !== ATTRIBUTE) this.#takePlace();
      this.#open.push(Math.max(size, 0) * perEntry);
      this.#closeComplete();
    } else if (isBulk && size >= 0) {
      this.#payloadLeft = size + 2;
      this.#payloadType = type;
      this.#pieces = this.#isDirect() && size <= MAX_TEXT_BYTES ? [] : undefined;
    } else {
      this.#addLeaf(type, isBulk ? '' : line.slice(1));
    }
  }

  #readPayload(chunk: Buffer, from: number): number {
    const end = Math.min(from + this.#payloadLeft, chunk.length);
    this.#pieces?.push(chunk.subarray(from, end));
    this.#payloadLeft -= end - from;
    if (this.#payloadLeft === 0) {
      const bytes = Buffer.concat(this.#pieces ?? []);
      this.#addLeaf(this.#payloadType, bytes.toString('latin1').slice(0, -2));
    }
    return end;
  }

  /** Whether what is read now is an element of the reply itself, and wanted. */
  #isDirect(): boolean {
    return this.collectElements && this.#open.length === 2 && this.#head !== undefined;
  }

  #addElement(type: string, text: string): void {
    if (this.#isDirect() && type !== ATTRIBUTE) this.#elements.push({ type, text });
  }

  #addLeaf(type: string, text: string): void {
    this.#addElement(type, text);
    this.#takePlace();
    this.#closeComplete();
  }

  #takePlace(): void {
    this.#open.push((this.#open.pop() ?? 1) - 1);
  }

  #closeComplete(): void {
    while (this.#open.at(-1) === 0) this.#open.pop();
  }

  #takeFrame(): ReplyFrame {
    const { type = '', line = '' } = this.#head ?? {};
    const frame = { type, line, elements: this.#elements };
    this.#head = undefined;
    this.#elements = [];
    return frame;
  }
}
