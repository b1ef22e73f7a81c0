// The tools of others that the packages must work with. They are installed once, beside the
// checkout's other caches.
import { createHash } from 'node:crypto';
import { access, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { npm, root } from './workplace.mjs';

const TOOLS = {
  // The last one whose jsdom has no URL.canParse.
  jest: '29.7.0',
  'jest-environment-jsdom': '29.7.0',
  // Before it warned of `moduleResolution: node`.
  'typescript-5': 'npm:typescript@5.4.5',
  // The older line that the peer range allows.
  'jose-5': 'npm:jose@5.10.0',
  bun: '1.4.5',
};

/** Installs the tools unless they are there. @returns the folder in which their `node_modules` is */
export async function toolchains() {
  const manifest = JSON.stringify({ private: true, dependencies: TOOLS });
  const digest = createHash('sha256').update(manifest).digest('hex').slice(0, 12);
  const path = join(root, 'node_modules', '.cache', `toolchains-${digest}`);
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  if (isThere) return path;
  // Under its name it is whole.
  const draft = `${path}.${process.pid}`;
  await mkdir(draft, { recursive: true });
  await writeFile(join(draft, 'package.json'), manifest);
  await npm(['install', '--no-package-lock'], draft);
  await rename(draft, path).catch(() => rm(draft, { recursive: true }));
  return path;
}
