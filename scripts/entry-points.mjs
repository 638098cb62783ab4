import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** What a package's `exports` offer: `{ specifier, names, problem? }`, the names as the source lists them, sorted. */
export function entryPoints({ path, manifest }) {
  return Object.entries(manifest.exports)
    .filter(([, target]) => typeof target === 'object')
    .map(([subpath, target]) => {
      const source = target.import.types.replace(/^\.\/dist\/esm\//, 'src/').replace(/\.d\.ts$/, '.ts');
      return { specifier: manifest.name + subpath.slice(1), ...exportedNames(join(path, source), source) };
    });
}

/** The names that exist at run time. `export *` and `export default` hide or lose them, so they are problems. */
function exportedNames(file, source) {
  const { statements } = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest);
  const names = [];
  for (const statement of statements) {
    if (ts.isExportAssignment(statement)) return { names, problem: `${source} has a default export` };
    if (!ts.isExportDeclaration(statement)) {
      names.push(...declaredNames(statement));
    } else if (!statement.isTypeOnly) {
      if (statement.exportClause?.elements === undefined)
        return { names, problem: `${source} has an export *` };
      const values = statement.exportClause.elements.filter(({ isTypeOnly }) => !isTypeOnly);
      names.push(...values.map(({ name }) => name.text));
    }
  }
  return { names: names.sort() };
}

/** An `export function`, `export class` or `export const` in the entry file itself. */
function declaredNames(statement) {
  const isExported = statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
  if (!isExported) return [];
  if (ts.isVariableStatement(statement))
    return statement.declarationList.declarations.map(({ name }) => name.text);
  return ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement) ? [statement.name.text] : [];
}
