// Finishes a build; runs in a package's folder after tsc. Tells Node which of the two builds is which, and removes
// what an earlier build left of a source that is gone: tsc keeps it, turbo would cache it, and it would be published.
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';

for (const [build, type] of [
  ['cjs', 'commonjs'],
  ['esm', 'module'],
]) {
  writeFileSync(`dist/${build}/package.json`, `{"type":"${type}"}\n`);
  for (const file of readdirSync(`dist/${build}`, { recursive: true })) {
    const [, source] = /^(.+?)(?:\.d\.ts|\.js)(?:\.map)?$/.exec(file) ?? [];
    if (source !== undefined && !existsSync(`src/${source}.ts`)) rmSync(`dist/${build}/${file}`);
  }
}
