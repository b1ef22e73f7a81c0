// The two packages say the same wherever they say it: versions, subpaths, peers, and links of their pages.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { VERSION } from '../gateway/src/version.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const json = (path: string, root = ROOT) => JSON.parse(readFileSync(join(root, path), 'utf8'));
const MOVED = ['backend', 'express', 'fastify', 'gateway'];

/** The names of the subpaths of a package, without those that are data. */
function subpathsOf(manifest: { exports: Record<string, unknown> }): string[] {
  return Object.keys(manifest.exports)
    .filter((path) => path !== '.' && !path.endsWith('.json'))
    .map((path) => path.slice(2))
    .sort();
}

/** Every place that has a version, or the gateway's pin to the library. */
function versionsIn(root: string): string[] {
  const lock = json('package-lock.json', root);
  const gateway = json('gateway/package.json', root);
  const [, constant] =
    /VERSION = '([^']*)'/.exec(readFileSync(join(root, 'gateway/src/version.ts'), 'utf8')) ?? [];
  return [
    json('package.json', root).version,
    gateway.version,
    gateway.dependencies.evenkeel,
    lock.version,
    lock.packages[''].version,
    lock.packages.gateway.version,
    lock.packages.gateway.dependencies.evenkeel,
    constant,
  ];
}

describe('the version', () => {
  it('is one in both packages, in the pin of the gateway, in the lock and in the code', () => {
    expect(new Set(versionsIn(ROOT))).toEqual(new Set([VERSION]));
  });

  it('is set by one script in every place', () => {
    const copy = mkdtempSync(join(tmpdir(), 'evenkeel-version-'));
    try {
      const files = ['package.json', 'package-lock.json', 'gateway/package.json', 'gateway/src/version.ts'];
      for (const file of [...files, 'scripts/set-version.mjs'])
        cpSync(join(ROOT, file), join(copy, file), { recursive: true });
      const script = join(copy, 'scripts/set-version.mjs');
      execFileSync(process.execPath, [script, VERSION]);
      for (const file of files)
        expect(readFileSync(join(copy, file), 'utf8'), file).toBe(readFileSync(join(ROOT, file), 'utf8'));
      execFileSync(process.execPath, [script, '7.8.9-rc.1']);
      expect(new Set(versionsIn(copy))).toEqual(new Set(['7.8.9-rc.1']));
      expect(() => execFileSync(process.execPath, [script, 'v1'], { stdio: 'pipe' })).toThrow(/like 1\.2\.3/);
    } finally {
      rmSync(copy, { recursive: true });
    }
  });
});

describe.each([
  {
    name: 'evenkeel',
    folder: '',
    moved: MOVED,
    extra: ['peer'],
    builtBy: 'scripts/library-entries.ts',
    types: (subpath: string) => [`./dist/esm/${subpath}.d.ts`, `./dist/cjs/${subpath}.d.ts`],
    olderTypes: (subpath: string) => [`./dist/cjs/${subpath}.d.ts`],
  },
  {
    name: 'evenkeel-gateway',
    folder: 'gateway/',
    moved: [],
    extra: ['cli'],
    builtBy: 'gateway/tsup.config.ts',
    types: (subpath: string) => [`./dist/${subpath}.d.ts`, `./dist/${subpath}.d.cts`],
    olderTypes: (subpath: string) => [`./dist/${subpath}.d.ts`],
  },
])('the subpaths of $name', ({ name, folder, moved, extra, builtBy, types, olderTypes }) => {
  const manifest = json(`${folder}package.json`);
  const subpaths = subpathsOf(manifest);

  it('have types for every way in which TypeScript resolves modules', () => {
    const older = Object.keys(manifest.typesVersions['*']).filter((path) => !path.endsWith('.json'));
    expect(older.sort()).toEqual(subpaths);
    for (const subpath of subpaths) {
      const { import: esm, require: cjs } = manifest.exports[`./${subpath}`];
      expect([esm.types, cjs.types], subpath).toEqual(types(subpath));
      expect(manifest.typesVersions['*'][subpath]).toEqual(olderTypes(subpath));
    }
  });

  it('are the sources inside the repository, unless they have moved', () => {
    const paths: Record<string, string[]> = json('tsconfig.json').compilerOptions.paths;
    const named = Object.keys(paths)
      .filter((path) => path.startsWith(`${name}/`))
      .map((path) => path.slice(name.length + 1));
    expect(named.sort()).toEqual(subpaths.filter((subpath) => !moved.includes(subpath)));
  });

  it('are built, each from the file that they are inside the repository', () => {
    const built = readFileSync(join(ROOT, builtBy), 'utf8');
    const entries = [
      ...built.matchAll(/^ +'?([\w/-]+)'?: '(src\/[^']+\.ts)',$|cli: '(src\/cli\/main\.ts)'/gm),
    ];
    const names = entries.map(([, subpath = 'cli']) => subpath);
    expect(names.sort()).toEqual(['index', ...extra, ...subpaths].sort());
    const paths: Record<string, string[]> = json('tsconfig.json').compilerOptions.paths;
    for (const [, subpath = 'cli', source] of entries) {
      const [path] = paths[subpath === 'index' ? name : `${name}/${subpath}`] ?? [];
      if (path !== undefined) expect(path).toBe(`./${folder}${source}`);
    }
  });
});

describe('the library', () => {
  it('has no dependency, and every peer is optional', () => {
    const { dependencies, peerDependencies, peerDependenciesMeta } = json('package.json');
    expect(dependencies).toBeUndefined();
    expect(Object.keys(peerDependencies).sort()).toEqual(['jose', 'rate-limiter-flexible', 'undici']);
    for (const peer of Object.keys(peerDependencies))
      expect(peerDependenciesMeta[peer]).toEqual({ optional: true });
  });

  it('takes the peers that the gateway brings along', () => {
    const { peerDependencies } = json('package.json');
    const { dependencies } = json('gateway/package.json');
    const major = (range: string) => /\d+/.exec(range)?.[0] as string;
    const brought = Object.keys(peerDependencies).filter((peer) => dependencies[peer] !== undefined);
    expect(brought).toContain('jose');
    for (const peer of brought)
      expect(peerDependencies[peer].match(/\d+/g), peer).toContain(major(dependencies[peer]));
  });
});

describe('the pages', () => {
  const PAGES = [
    'README.md',
    'docs/adapters.md',
    'docs/architecture.md',
    'docs/discovery.md',
    'docs/fleet.md',
    'docs/resilience.md',
    'docs/simulator.md',
    'gateway/README.md',
    'gateway/docs/adapters.md',
    'gateway/docs/configuration.md',
    'gateway/docs/conformance.md',
    'gateway/docs/figures.md',
    'gateway/docs/gateway.md',
  ];
  /** As GitHub makes the fragment of a heading. */
  const fragment = (heading: string) =>
    heading
      .trim()
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-');
  const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

  it.each(PAGES)('%s links to what is there', (page) => {
    const links = [...read(page).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)];
    for (const [link, path, anchor] of links) {
      const target = path === '' ? page : join(dirname(page), path as string);
      expect(existsSync(join(ROOT, target)), `${page}: ${link}`).toBe(true);
      if (anchor === undefined) continue;
      const text = read(target);
      const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => fragment(heading));
      expect(headings, `${page}: ${link}`).toContain(anchor);
    }
  });
});
