const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', a: '\x07' };

/**
 * Splits an inline request as Redis does (`sdssplitargs`, sds.c of Redis 7.0): blanks part arguments, double quotes
 * take escapes, single quotes only `\'`. Undefined for quotes that do not close or that close inside a word.
 */
export function splitInlineArguments(line: Buffer): Buffer[] | undefined {
  // One character per byte, so that binary arguments survive.
  const text = line.toString('latin1');
  const args: Buffer[] = [];
  let at = skipBlanks(text, 0);
  while (at < text.length) {
    const word = readWord(text, at);
    if (word === undefined) return undefined;
    args.push(Buffer.from(word.value, 'latin1'));
    at = skipBlanks(text, word.end);
  }
  return args;
}

interface Word {
  readonly value: string;
  readonly end: number;
}

function readWord(text: string, from: number): Word | undefined {
  let value = '';
  let at = from;
  while (at < text.length && !isBlank(text[at])) {
    const char = text.charAt(at);
    if (char === '"' || char === "'") {
      const quoted = char === '"' ? readDoubleQuoted(text, at + 1) : readSingleQuoted(text, at + 1);
      if (quoted === undefined || (quoted.end < text.length && !isBlank(text[quoted.end]))) return undefined;
      return { value: value + quoted.value, end: quoted.end };
    }
    value += char;
    at += 1;
  }
  return { value, end: at };
}

function readDoubleQuoted(text: string, from: number): Word | undefined {
  let value = '';
  let at = from;
  while (at < text.length) {
    const char = text.charAt(at);
    if (char === '"') return { value, end: at + 1 };
    const hex = /^\\x([0-9a-fA-F]{2})/.exec(text.slice(at, at + 4))?.[1];
    if (hex !== undefined) {
      value += String.fromCharCode(Number.parseInt(hex, 16));
      at += 4;
    } else if (char === '\\' && at + 1 < text.length) {
      const escaped = text.charAt(at + 1);
      value += ESCAPES[escaped] ?? escaped;
      at += 2;
    } else {
      value += char;
      at += 1;
    }
  }
  return undefined;
}

function readSingleQuoted(text: string, from: number): Word | undefined {
  let value = '';
  let at = from;
  while (at < text.length) {
    if (text[at] === "'") return { value, end: at + 1 };
    const escaped = text.startsWith("\\'", at);
    value += escaped ? "'" : text.charAt(at);
    at += escaped ? 2 : 1;
  }
  return undefined;
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (at < text.length && isBlank(text[at])) at += 1;
  return at;
}

function isBlank(char: string | undefined): boolean {
  return char !== undefined && ' \n\r\t\0\v\f'.includes(char);
}
