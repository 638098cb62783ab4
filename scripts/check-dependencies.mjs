// Keeps the dependency rule: identity, node-redis, ioredis and emulator may use core, apps may use everything,
// and nobody reaches into another member's files. Reads imports, package.json and tsconfig references.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import ts from 'typescript';
import { reportProblems } from './report-problems.mjs';
import { members, root } from './workspace.mjs';

const scope = '@entraid/';
/** What each package may import of its siblings; tests may use the emulator as well. */
const arrows = {
  core: [],
  emulator: ['core'],
  identity: ['core'],
  ioredis: ['core'],
  'node-redis': ['core'],
};

const packages = members('packages');
const apps = members('apps');
const everything = packages.map(({ name }) => name);
const rootManifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const problems = [];

for (const member of packages) {
  const { name, folder, manifest } = member;
  const allowed = arrows[name];
  if (allowed === undefined) {
    problems.push(`${folder}: not in the table of scripts/check-dependencies.mjs`);
    continue;
  }
  const allowedInTests = name === 'core' ? [] : [...allowed, 'emulator'];
  checkManifest(folder, manifest, {
    dependencies: allowed,
    peerDependencies: [],
    devDependencies: allowedInTests,
  });
  checkReferences(member);
  if (name === 'core') checkNoDependencies(folder, manifest);
  const installed = names(manifest.dependencies, manifest.peerDependencies);
  checkImports(member, 'src', { siblings: allowed, installed, builtins: name !== 'core' });
  checkImports(member, 'test', {
    siblings: [...allowedInTests, name],
    installed: [...installed, ...names(manifest.devDependencies, rootManifest.devDependencies)],
    builtins: true,
  });
}
for (const member of apps) {
  const { folder, manifest } = member;
  if (manifest.private !== true) problems.push(`${folder}/package.json: an app is private`);
  checkManifest(folder, manifest, {
    dependencies: everything,
    peerDependencies: [],
    devDependencies: everything,
  });
  const installed = names(manifest.dependencies);
  checkImports(member, 'src', { siblings: everything, installed, builtins: true });
  checkImports(member, 'test', {
    siblings: everything,
    installed: [...installed, ...names(manifest.devDependencies, rootManifest.devDependencies)],
    builtins: true,
  });
}
reportProblems(problems, `${packages.length} packages and ${apps.length} apps keep the dependency rule`);

function checkManifest(folder, manifest, allowedByField) {
  for (const [field, allowed] of Object.entries(allowedByField)) {
    for (const [dependency, range] of Object.entries(manifest[field] ?? {})) {
      if (!dependency.startsWith(scope)) continue;
      const where = `${folder}/package.json: ${field}: ${dependency}`;
      if (!allowed.includes(dependency.slice(scope.length))) problems.push(`${where} is not allowed`);
      if (!range.startsWith('workspace:')) problems.push(`${where} must use the workspace: protocol`);
    }
  }
}

/** tsc builds what a tsconfig references, turbo what package.json names: a difference is a race between the two. */
function checkReferences({ folder, path, manifest }) {
  const siblings = names(manifest.dependencies).filter((name) => name.startsWith(scope));
  const expected = siblings.map((name) => name.slice(scope.length)).sort();
  for (const build of ['esm', 'cjs']) {
    const file = `tsconfig.${build}.json`;
    const { config } = ts.readConfigFile(join(path, file), ts.sys.readFile);
    const actual = (config.references ?? []).map((reference) => reference.path);
    const wanted = expected.map((name) => `../${name}/${file}`);
    if (actual.sort().join() === wanted.join()) continue;
    problems.push(
      `${folder}/${file}: references [${actual}], but by package.json's dependencies it must be [${wanted}]`,
    );
  }
}

function checkNoDependencies(folder, manifest) {
  for (const field of ['dependencies', 'peerDependencies', 'optionalDependencies']) {
    for (const name of names(manifest[field]))
      problems.push(`${folder}/package.json: ${field}: ${name}; core has none`);
  }
}

function checkImports(member, part, rule) {
  const folder = join(member.path, part);
  const files = existsSync(folder) ? readdirSync(folder, { recursive: true }) : [];
  for (const file of files.filter((name) => name.endsWith('.ts')).map((name) => join(part, name))) {
    const { importedFiles } = ts.preProcessFile(readFileSync(join(member.path, file), 'utf8'), true, true);
    for (const { fileName: specifier } of importedFiles) {
      const problem = specifier.startsWith('.')
        ? relativeProblem(member.path, part, file, specifier)
        : packageProblem(specifier, rule);
      if (problem !== undefined) problems.push(`${member.folder}/${file}: '${specifier}' ${problem}`);
    }
  }
}

function relativeProblem(memberPath, part, file, specifier) {
  const [target] = relative(memberPath, join(memberPath, dirname(file), specifier)).split(sep);
  if (target === '..') return 'leaves its package: import the package by its name';
  if (target === 'dist') return 'is build output: import from src';
  if (part === 'src' && target !== 'src') return 'is outside src, so it is not published';
  return undefined;
}

function packageProblem(specifier, { siblings, installed, builtins }) {
  if (isBuiltin(specifier)) {
    if (!builtins) return 'is a Node.js module, and core runs without any';
    return specifier.startsWith('node:') ? undefined : 'must be written with node:';
  }
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
  if (!name.startsWith(scope)) {
    return installed.includes(name) ? undefined : 'is not among the dependencies in package.json';
  }
  if (!siblings.includes(name.slice(scope.length))) return 'goes against the dependency rule';
  const sibling = packages.find(({ manifest }) => manifest.name === name);
  const subpath = `.${specifier.slice(name.length)}`;
  return subpath in sibling.manifest.exports ? undefined : 'is not among the exports of that package';
}

function names(...groups) {
  return groups.flatMap((group) => Object.keys(group ?? {}));
}
