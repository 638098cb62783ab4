import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const PACKAGE = fileURLToPath(new URL('..', import.meta.url));

/** This package as JavaScript, for programs that run outside jest. Made from `src`, so that no build is needed. */
export class CompiledPackage {
  readonly #directory: string;
  readonly #programs: Program[] = [];

  static async create(module: 'esm' | 'cjs'): Promise<CompiledPackage> {
    // Inside the package, so that its dependencies are found.
    await mkdir(join(PACKAGE, '.jest'), { recursive: true });
    const directory = await mkdtemp(join(PACKAGE, '.jest', `compiled-${module}-`));
    const type = module === 'esm' ? 'module' : 'commonjs';
    await writeFile(join(directory, 'package.json'), JSON.stringify({ type }));
    const compilerOptions: ts.CompilerOptions = {
      target: ts.ScriptTarget.ES2023,
      module: module === 'esm' ? ts.ModuleKind.ESNext : ts.ModuleKind.CommonJS,
    };
    for (const file of await readdir(join(PACKAGE, 'src'), { recursive: true })) {
      if (!file.endsWith('.ts')) continue;
      const source = await readFile(join(PACKAGE, 'src', file), 'utf8');
      const target = join(directory, file.replace(/\.ts$/, '.js'));
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, ts.transpileModule(source, { compilerOptions, fileName: file }).outputText);
    }
    return new CompiledPackage(directory);
  }

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /** Runs `source` as a program next to the package; its entry point is `./index.js`. */
  async run(source: string): Promise<Program> {
    const program = join(this.#directory, `program-${process.hrtime.bigint()}.js`);
    await writeFile(program, source);
    const child = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#programs.push(child);
    return child;
  }

  /** Ends what still runs, and removes the files. */
  async remove(): Promise<void> {
    for (const program of this.#programs) program.kill('SIGKILL');
    await rm(this.#directory, { recursive: true, force: true });
  }
}

/** A running program. */
export type Program = ChildProcessByStdio<Writable, Readable, Readable>;

/** Everything a program prints, and its exit code. */
export async function outputOf(child: Program): Promise<{ readonly output: string; readonly code: number }> {
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
  const [code] = (await once(child, 'close')) as [number];
  return { output: Buffer.concat(chunks).toString(), code };
}
