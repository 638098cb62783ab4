import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type ReplyFrame, ReplyScanner } from '../src/redis/reply-scanner.js';

function scanAll(
  chunks: readonly Buffer[],
  collectElements = false,
): { frames: ReplyFrame[]; ends: number[] } {
  const scanner = new ReplyScanner();
  const frames: ReplyFrame[] = [];
  const ends: number[] = [];
  let consumed = 0;
  for (const chunk of chunks) {
    let position = 0;
    while (position < chunk.length) {
      if (scanner.atBoundary) scanner.collectElements = collectElements;
      const step = scanner.scan(chunk, position);
      position = step.position;
      if (step.frame === undefined) continue;
      frames.push(step.frame);
      ends.push(consumed + position);
    }
    consumed += chunk.length;
  }
  return { frames, ends };
}

const line = fc.stringMatching(/^[ -~]{0,12}$/);
const bulk = fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
const { reply } = fc.letrec<{ reply: string; leaf: string; aggregate: string }>((tie) => ({
  leaf: fc.oneof(
    fc.tuple(fc.constantFrom('+', '-'), line).map(([type, value]) => `${type}${value}\r\n`),
    fc.integer().map((value) => `:${value}\r\n`),
    fc.constantFrom(
      '_\r\n',
      '#t\r\n',
      ',1.5\r\n',
      '(123456789012345678901234567890\r\n',
      '$-1\r\n',
      '*-1\r\n',
    ),
    fc
      .tuple(fc.constantFrom('$', '!', '='), bulk)
      .map(([type, value]) => `${type}${value.length}\r\n${value}\r\n`),
  ),
  aggregate: fc.oneof(
    fc
      .tuple(fc.constantFrom('*', '~', '>'), fc.array(tie('reply'), { maxLength: 4 }))
      .map(([type, items]) => `${type}${items.length}\r\n${items.join('')}`),
    fc
      .array(fc.tuple(tie('reply'), tie('reply')), { maxLength: 3 })
      .map((entries) => `%${entries.length}\r\n${entries.flat().join('')}`),
    fc
      .tuple(fc.array(fc.tuple(tie('leaf'), tie('leaf')), { maxLength: 2 }), tie('leaf'))
      .map(([entries, value]) => `|${entries.length}\r\n${entries.flat().join('')}${value}`),
  ),
  reply: fc.oneof({ depthSize: 'small' }, tie('leaf'), tie('aggregate')),
}));

describe('ReplyScanner', () => {
  it('finds the end of every reply wherever a stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(reply, { maxLength: 8 }),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 20 }),
        (replies, cuts) => {
          const stream = Buffer.from(replies.join(''), 'latin1');
          const at = [...new Set([0, ...cuts.map((c) => Math.floor(c * stream.length)), stream.length])];
          at.sort((a, b) => a - b);
          const chunks = at.slice(1).map((end, index) => stream.subarray(at[index], end));
          let end = 0;
          const expected = replies.map((text) => {
            end += text.length;
            return end;
          });
          expect(scanAll(chunks, true).ends).toEqual(expected);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it.each([
    ['+OK\r\n', '+', '+OK', []],
    ['-ERR no\r\n', '-', '-ERR no', []],
    ['*2\r\n$3\r\nfoo\r\n:4\r\n', '*', '*2', ['$foo', ':4']],
    ['>3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n', '>', '>3', ['$subscribe', '$a', ':1']],
    ['*2\r\n*1\r\n:1\r\n-ERR x\r\n', '*', '*2', ['*', '-ERR x']],
    ['*1\r\n%1\r\n+a\r\n+b\r\n', '*', '*1', ['%']],
    ['*2\r\n|1\r\n+k\r\n+v\r\n:1\r\n:2\r\n', '*', '*2', [':1', ':2']],
    ['|1\r\n+k\r\n+v\r\n*1\r\n:7\r\n', '*', '*1', [':7']],
    ['*0\r\n', '*', '*0', []],
    ['*-1\r\n', '*', '*-1', []],
    [`*1\r\n$65\r\n${'x'.repeat(65)}\r\n`, '*', '*1', ['$']],
    [`*1\r\n$64\r\n${'x'.repeat(64)}\r\n`, '*', '*1', [`$${'x'.repeat(64)}`]],
  ])('reads %j', (stream, type, head, elements) => {
    const { frames } = scanAll([Buffer.from(stream)], true);
    expect(frames).toHaveLength(1);
    expect(frames[0]?.type).toBe(type);
    expect(frames[0]?.line).toBe(head);
    expect(frames[0]?.elements.map((element) => `${element.type}${element.text}`)).toEqual(elements);
  });

  it('keeps no elements unless asked to', () => {
    expect(scanAll([Buffer.from('*1\r\n:1\r\n')]).frames[0]?.elements).toEqual([]);
  });
});
