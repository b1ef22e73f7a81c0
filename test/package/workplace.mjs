// A folder outside of the checkout, in which the packed packages are used as others use them.
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const run = promisify(execFile);
export const root = fileURLToPath(new URL('../..', import.meta.url));
export const require = createRequire(import.meta.url);

/** npm as the tests call it: quiet, and from the cache where it can. */
export const npm = (args, cwd) =>
  run('npm', [...args, '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'], {
    cwd,
    env: cleanEnv(),
  });

export const folder = await realpath(await mkdtemp(join(tmpdir(), 'evenkeel-package-')));
export const cleanUp = () => rm(folder, { recursive: true, force: true });

/** Makes a project with these files. @returns its path */
export async function project(name, files = {}) {
  const path = join(folder, name);
  await mkdir(path, { recursive: true });
  for (const [file, text] of Object.entries(files)) {
    await mkdir(dirname(join(path, file)), { recursive: true });
    await writeFile(join(path, file), text);
  }
  return path;
}

/** Packs a package as it is built. @returns the path of the archive */
export async function pack(source, name) {
  const into = await project(name);
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', into, '--loglevel=error'], {
    cwd: source,
    env: cleanEnv(),
  });
  const [archive] = await readdir(into);
  return join(into, archive);
}

/** Writes a program into a project and runs it. @returns what it printed, which is JSON */
export async function outputOf(path, file, source) {
  await writeFile(join(path, file), source);
  const { stdout } = await run(process.execPath, [file], { cwd: path });
  return JSON.parse(stdout);
}

export async function filesBelow(directory) {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  return paths.map((path) => relative(directory, path)).sort();
}

export async function bytesOf(paths) {
  let sum = 0;
  for (const path of paths) sum += (await stat(path)).size;
  return sum;
}

export const readJson = async (path) => JSON.parse(await readFile(path, 'utf8'));
export const copy = cp;

/** What npm sets for scripts would lead an npm that they start to this checkout. */
function cleanEnv() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));
}
