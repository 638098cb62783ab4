// Packs every package as it would be published, lints the tarball, installs it into an empty project and loads it
// there. Needs npm for the install; the dependencies come from npm's cache where it has them.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { entryPoints } from './entry-points.mjs';
import { reportProblems } from './report-problems.mjs';
import { members } from './workspace.mjs';

const loader = `
  const names = (module) => Object.keys(module).filter((name) => !['default', 'module.exports'].includes(name)).sort();
  const specifier = process.argv[1];
  import(specifier).then((esm) => {
    console.log(JSON.stringify({ import: names(esm), require: names(require(specifier)) }));
  });
`;

const packages = members('packages');
const temporary = mkdtempSync(join(tmpdir(), 'entraid-packages-'));
const problems = [];
try {
  const tarballs = new Map();
  for (const member of packages) tarballs.set(member.manifest.name, await pack(member));
  await Promise.all(packages.map((member) => checkTarball(member, tarballs)));
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
reportProblems(problems, `${packages.length} packages can be published`);

/** Packs the package (its prepack script builds it), checks what is in the tarball, and returns its path. */
async function pack({ folder, path }) {
  const stdout = await run(folder, path, 'pnpm', ['pack', '--json', '--pack-destination', temporary]);
  if (stdout === undefined) return undefined;
  const { filename, files } = JSON.parse(stdout);
  const packed = files.map((file) => file.path);
  for (const wanted of ['README.md', 'LICENSE', 'package.json']) {
    if (!packed.includes(wanted)) problems.push(`${folder}: the tarball has no ${wanted}`);
  }
  if (!packed.some((file) => file.startsWith('dist/'))) problems.push(`${folder}: the tarball has no dist`);
  // A source map is of no use without the source that it points to, and sources are not published.
  const maps = packed.filter((file) => file.endsWith('.map'));
  if (maps.length > 0)
    problems.push(`${folder}: the tarball has ${maps.length} source maps, which point to src`);
  for (const file of packed.filter((name) => !maps.includes(name))) {
    const problem = fileProblem(path, file);
    if (problem !== undefined) problems.push(`${folder}: the tarball has ${file}: ${problem}`);
  }
  return filename;
}

function fileProblem(path, file) {
  if (['README.md', 'LICENSE', 'CHANGELOG.md', 'package.json'].includes(file)) return undefined;
  if (!file.startsWith('dist/')) return 'only dist, README.md, LICENSE and CHANGELOG.md are published';
  if (['dist/esm/package.json', 'dist/cjs/package.json'].includes(file)) return undefined;
  const [, source] = /^dist\/(?:esm|cjs)\/(.+?)(?:\.d\.ts|\.js)$/.exec(file) ?? [];
  if (source === undefined) return 'it is no build output';
  return existsSync(join(path, 'src', `${source}.ts`)) ? undefined : 'its source is gone';
}

async function checkTarball(member, tarballs) {
  const { folder, path, manifest } = member;
  const tarball = tarballs.get(manifest.name);
  if (tarball === undefined) return;
  await run(folder, path, 'publint', ['run', tarball, '--strict']);
  await run(folder, path, 'attw', [tarball, '--no-color', '--no-emoji']);
  const project = await install(member, tarballs);
  if (project === undefined) return;
  for (const entry of entryPoints(member)) await checkExports(folder, project, entry);
}

/** Installs the tarball, those of its siblings that it depends on, and its peers in the versions it is tested with. */
async function install({ folder, name, manifest }, tarballs) {
  const { dependencies = {}, peerDependencies = {}, devDependencies = {} } = manifest;
  const project = join(temporary, name);
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), '{ "private": true }\n');
  const siblings = Object.keys(dependencies).filter((dependency) => tarballs.has(dependency));
  const peers = Object.keys(peerDependencies).filter(
    (peer) => manifest.peerDependenciesMeta?.[peer]?.optional !== true,
  );
  const quietly = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', '--no-package-lock'];
  const done = await run(folder, project, 'npm', [
    ...['install', '--loglevel=error', ...quietly],
    ...[manifest.name, ...siblings].map((sibling) => tarballs.get(sibling)),
    ...peers.map((peer) => `${peer}@${devDependencies[peer] ?? peerDependencies[peer]}`),
  ]);
  return done === undefined ? undefined : project;
}

async function checkExports(folder, project, { specifier, names, problem }) {
  if (problem !== undefined) {
    problems.push(`${folder}: ${problem}`);
    return;
  }
  const stdout = await run(folder, project, process.execPath, ['-e', loader, specifier]);
  if (stdout === undefined) return;
  for (const [way, loaded] of Object.entries(JSON.parse(stdout))) {
    if (loaded.join() === names.join()) continue;
    problems.push(`${folder}: ${way} of ${specifier} gives [${loaded}], its index.ts lists [${names}]`);
  }
}

/** The command's stdout, or undefined after noting the problem when it fails. */
async function run(folder, cwd, command, args) {
  try {
    // with-pnpm.mjs passes this to npx; "npm install" refuses it.
    const env = { ...process.env, npm_config_allow_scripts: undefined };
    const shell = process.platform === 'win32' && command !== process.execPath;
    const { stdout } = await promisify(execFile)(command, args, { cwd, env, shell, maxBuffer: 2 ** 26 });
    return stdout;
  } catch (error) {
    problems.push(
      `${folder}: ${command} ${args[0]} failed:\n${error.stdout ?? ''}${error.stderr ?? error.message}`,
    );
    return undefined;
  }
}
