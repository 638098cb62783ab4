// Type-checks every ```ts block of the documents against the built packages, each block as a module of its own,
// and resolves every relative link. A block below the line <!-- continues the previous block --> is compiled
// together with the block before it.
import { join } from 'node:path';
import ts from 'typescript';
import { documents } from './markdown.mjs';
import { linkProblems } from './markdown-links.mjs';
import { reportProblems } from './report-problems.mjs';
import { root } from './workspace.mjs';

const continues = '<!-- continues the previous block -->';
// This app depends on every package and on both clients, so imports resolve here as they do for a user.
const home = join(root, 'apps/examples');

const all = documents();
const snippets = all.flatMap(({ file, lines }) => extract(file, lines));
const links = all.map(({ file, lines }) => linkProblems(file, lines));
reportProblems(
  [...compile(snippets), ...links.flatMap(({ problems }) => problems)],
  `${snippets.length} snippets and ${links.reduce((sum, { count }) => sum + count, 0)} relative links are good`,
);

/** Each block as `{ file, lines, own }`: `lines` to compile, the last `own` of which are this block's. */
function extract(file, documentLines) {
  const blocks = [];
  let before = '';
  for (const line of documentLines) {
    if (line.edge === 'open' && ['ts', 'typescript'].includes(line.fence.language)) {
      const joined = before === continues ? blocks.at(-1) : undefined;
      if (before === continues && joined === undefined)
        throw new Error(`${file}:${line.number}: no previous block`);
      const body = documentLines.filter(({ fence, edge }) => fence === line.fence && edge === undefined);
      const own = body.map(({ text, number }) => ({ text: unindent(text, line.fence.indent), number }));
      blocks.push({ file, lines: [...(joined?.lines ?? []), ...own], own: own.length });
    }
    if (line.text.trim() !== '') before = line.text.trim();
  }
  return blocks;
}

function unindent(text, indent) {
  return text.startsWith(indent) ? text.slice(indent.length) : text.trimStart();
}

/** Compiles the snippets from memory: nothing is written, so there is nothing to clean up. */
function compile(blocks) {
  const sources = new Map(
    blocks.map((block, index) => [join(home, `snippet-${index}.ts`).replaceAll('\\', '/'), block]),
  );
  const options = {
    strict: true,
    noEmit: true,
    target: ts.ScriptTarget.ES2023,
    lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
    module: ts.ModuleKind.Node20,
    moduleDetection: ts.ModuleDetectionKind.Force,
    types: ['node'],
    skipLibCheck: true,
  };
  const disk = ts.createCompilerHost(options);
  const text = (name) =>
    sources
      .get(name)
      ?.lines.map((line) => line.text)
      .join('\n');
  const host = {
    ...disk,
    getCurrentDirectory: () => home,
    fileExists: (name) => sources.has(name) || disk.fileExists(name),
    readFile: (name) => text(name) ?? disk.readFile(name),
    getSourceFile: (name, target, ...rest) =>
      sources.has(name)
        ? ts.createSourceFile(name, text(name), target, true)
        : disk.getSourceFile(name, target, ...rest),
  };
  const program = ts.createProgram([...sources.keys()], options, host);
  return ts.getPreEmitDiagnostics(program).flatMap((diagnostic) => {
    const message = ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n  ');
    const block = sources.get(diagnostic.file?.fileName);
    if (block === undefined) return [`TS${diagnostic.code}: ${message}`];
    const { line } = diagnostic.file.getLineAndCharacterOfPosition(diagnostic.start ?? 0);
    // The lines that a block continues are reported where they stand.
    if (line < block.lines.length - block.own) return [];
    return [`${block.file}:${block.lines[line]?.number ?? '?'}: TS${diagnostic.code}: ${message}`];
  });
}
