// The documents whose code and links are checked, and how to read them.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { members, root } from './workspace.mjs';

/** README.md, CONTRIBUTING.md, packages/<name>/README.md and docs/*.md, as far as they exist: `{ file, lines }`. */
export function documents() {
  const docs = existsSync(join(root, 'docs')) ? readdirSync(join(root, 'docs')).sort() : [];
  return [
    'README.md',
    'CONTRIBUTING.md',
    ...members('packages').map(({ folder }) => `${folder}/README.md`),
    ...docs.filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`),
  ]
    .filter((file) => existsSync(join(root, file)))
    .map((file) => ({ file, lines: readLines(file) }));
}

/**
 * The lines of a Markdown file, `number` counted from 1. The lines of a fenced block share one `fence` object with its
 * `language`; on its first and last line `edge` is 'open' or 'close'.
 */
export function readLines(file) {
  let fence;
  return readFileSync(join(root, file), 'utf8')
    .split(/\r?\n/)
    .map((text, index) => {
      const line = { text, number: index + 1, fence };
      const [, indent, mark, info] = /^(\s*)(`{3,}|~{3,})\s*(\S*)/.exec(text) ?? [];
      if (fence === undefined && mark !== undefined) {
        fence = { indent, mark, language: info };
        return { ...line, fence, edge: 'open' };
      }
      if (fence !== undefined && mark?.startsWith(fence.mark) && info === '') {
        fence = undefined;
        return { ...line, edge: 'close' };
      }
      return line;
    });
}
