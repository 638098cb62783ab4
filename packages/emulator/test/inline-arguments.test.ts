import { describe, expect, it } from '@jest/globals';
import { splitInlineArguments } from '../src/redis/inline-arguments.js';

function split(line: string): string[] | undefined {
  return splitInlineArguments(Buffer.from(line, 'latin1'))?.map((arg) => arg.toString('latin1'));
}

describe('splitInlineArguments', () => {
  it.each([
    ['GET a', ['GET', 'a']],
    ['  GET \t a  ', ['GET', 'a']],
    ['', []],
    ['   ', []],
    ['SET k "a b"', ['SET', 'k', 'a b']],
    ['SET k "\\x41\\n\\r\\t\\b\\a\\\\\\""', ['SET', 'k', 'A\n\r\t\b\x07\\"']],
    ["SET k 'a \\' b'", ['SET', 'k', "a ' b"]],
    ["SET k 'a\\nb'", ['SET', 'k', 'a\\nb']],
    ['SET k ""', ['SET', 'k', '']],
    ['SET k pre"fix"', ['SET', 'k', 'prefix']],
    ['SET k \xe9', ['SET', 'k', '\xe9']],
  ])('splits %j', (line, args) => {
    expect(split(line)).toEqual(args);
  });

  it.each(['SET k "open', "SET k 'open", 'SET k "a"b', "SET k 'a'b", 'SET k "a\\'])(
    'gives up on %j',
    (line) => {
      expect(split(line)).toBeUndefined();
    },
  );
});
