import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadConfigFile } from '../../src/config/config-file.ts';
import { readConfig } from '../../src/config/read-config.ts';
import { ConfigError } from '../../src/errors.ts';
import { leastConfig } from './inputs.ts';

const folder = mkdtempSync(join(tmpdir(), 'evenkeel-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

function fileWith(text: string | Buffer, name = 'gateway.yaml'): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const loaded = (text: string | Buffer, name?: string) => loadConfigFile(fileWith(text, name)).input;

/** What is said of a file, without the folder that it is in. */
function problemsOf(path: string): string[] {
  try {
    loadConfigFile(path);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).problems.map((problem) => {
      expect(problem).not.toContain('\n');
      return problem.replace(`${folder}/`, '');
    });
  }
  return [];
}

const YAML = `
# Two services behind one name.
listeners:
  - { port: 8080 }
pools:
  shop:
    backends: ["http://10.0.0.1:8080"]
`;

describe('a configuration file', () => {
  it('is YAML or JSON by its name, and says where it is', () => {
    const path = fileWith(YAML);
    expect(loadConfigFile(path)).toEqual({ path, baseDir: folder, unset: [], input: leastConfig() });
    expect(loaded(YAML, 'gateway.YML')).toEqual(leastConfig());
    expect(loaded(JSON.stringify(leastConfig(), undefined, '\t'), 'gateway.json')).toEqual(leastConfig());
    expect(readConfig(loadConfigFile(path).input)).toEqual(readConfig(leastConfig()));
  });

  it('may begin with a byte order mark and have lines of Windows', () => {
    expect(loaded(`\uFEFF${YAML.replaceAll('\n', '\r\n')}`)).toEqual(leastConfig());
    expect(loaded(`\uFEFF${JSON.stringify(leastConfig())}`, 'gateway.json')).toEqual(leastConfig());
  });

  it('may share parts by anchors and merge keys', () => {
    const text = 'a: &base { intervalMs: 1, fall: 2 }\nb: { <<: *base, fall: 3 }\nc: *base';
    expect(loaded(text)).toEqual({
      a: { intervalMs: 1, fall: 2 },
      b: { intervalMs: 1, fall: 3 },
      c: { intervalMs: 1, fall: 2 },
    });
  });

  it('follows the core schema of YAML 1.2: no is a word, and so is a date', () => {
    expect(loaded('a: no\nb: 012\nc: 2026-01-01\nd: .inf\ne: 1e3\n8080: f')).toEqual({
      8080: 'f',
      a: 'no',
      b: 12,
      c: '2026-01-01',
      d: Number.POSITIVE_INFINITY,
      e: 1_000,
    });
  });

  it('is refused as a configuration where it is empty', () => {
    expect(() => readConfig(loaded('# nothing\n'))).toThrow(
      'the configuration must be an object with listeners and pools, got null',
    );
  });
});

describe('a file that cannot be read', () => {
  it.each([
    ['no.yaml', 'no.yaml cannot be read: there is no such file'],
    ['gateway.conf', 'gateway.conf must be a file whose name ends in .yaml, .yml or .json'],
    ['gateway', 'gateway must be a file whose name ends in .yaml, .yml or .json'],
    ['folder.yaml', 'folder.yaml cannot be read: it is not a file'],
    ['gateway.yaml/x.yaml', 'gateway.yaml/x.yaml cannot be read: there is no such file'],
  ])('is told in one line: %s', (name, line) => {
    fileWith(YAML);
    mkdirSync(join(folder, 'folder.yaml'), { recursive: true });
    expect(problemsOf(join(folder, name))).toEqual([line]);
  });

  it('is one that the user may not read', () => {
    const path = fileWith(YAML, 'closed.yaml');
    chmodSync(path, 0);
    // Root may read everything: be somebody else for a moment.
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) process.seteuid?.(65_534);
    try {
      expect(problemsOf(path)).toEqual(['closed.yaml cannot be read: permission denied']);
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  });

  it('is a link that leads nowhere, or to itself', () => {
    symlinkSync('nowhere.yaml', join(folder, 'link.yaml'));
    symlinkSync('ring.yaml', join(folder, 'ring.yaml'));
    expect(problemsOf(join(folder, 'link.yaml'))).toEqual([
      'link.yaml cannot be read: there is no such file',
    ]);
    expect(problemsOf(join(folder, 'ring.yaml'))[0]).toMatch(/^ring\.yaml cannot be read: ELOOP/);
  });

  it('is too long, or no text', () => {
    const path = fileWith('a: 1\n', 'long.yaml');
    truncateSync(path, 4_194_305);
    expect(problemsOf(path)).toEqual(['long.yaml must have at most 4194304 bytes']);
    expect(problemsOf(fileWith(Buffer.from([0xff, 0xfe, 0x61, 0])))).toEqual([
      'gateway.yaml must be text in UTF-8',
    ]);
  });
});

describe('wrong YAML', () => {
  it.each([
    ['a: [1,\nb: 2\n', 'gateway.yaml:2:1: A list that begins with [ must end with ], and be indented'],
    ['a: { b: 1\nc: 2\n', 'gateway.yaml:2:1: A map that begins with { must end with }, and be indented'],
    ['a: 1\n b: 2\n', 'gateway.yaml:1:4: A name with a value in its line cannot have settings of its own'],
    ['a:\n  b: 1\n c: 2\n', 'gateway.yaml:3:1: Names of one map must be indented alike'],
    ['a: ["b"] "c"\n', 'gateway.yaml:1:10: This cannot stand here: a comma or line break may be missing'],
    ['a: 1\n\tb: 2\n', 'gateway.yaml:2:1: Tabs are not allowed as indentation'],
    ['a: "b\n', 'gateway.yaml:2:1: Missing closing "quote'],
    ['a: 1\n---\nb: 2\n', 'gateway.yaml:2:1: A file must hold one document'],
    ['a: !secret x\n', 'gateway.yaml:1:4: Unresolved tag: !secret'],
    ['a: !!binary aGk=\n', 'gateway.yaml:1:4: Unresolved tag: tag:yaml.org,2002:binary'],
    ['a: !!set { b }\n', 'gateway.yaml:1:4: Unresolved tag: tag:yaml.org,2002:set'],
    ['? [a, b]\n: 1\n', 'gateway.yaml:1:3: With stringKeys, all keys must be strings'],
    ['%YAML 1.1\n---\na: no\n', 'gateway.yaml must be YAML 1.2, got 1.1'],
    ['a: *b\n', 'gateway.yaml: Unresolved alias (the anchor must be set before the alias): b'],
  ])('is told with line and column: %j', (text, line) => {
    expect(problemsOf(fileWith(text))).toEqual([line]);
  });

  it('is a key that is there twice: each one is told', () => {
    expect(problemsOf(fileWith('a: 1\nb: { c: 1, c: 2 }\na: 2\n'))).toEqual([
      'gateway.yaml:2:12: the key "c" is there twice',
      'gateway.yaml:3:1: the key "a" is there twice',
    ]);
  });

  it('may name one anchor in each of many pools', () => {
    const pools = Array.from({ length: 1_000 }, (_, i) => `p${i}: { <<: *same, seed: ${i} }\n`);
    const input = loaded(`same: &same { health: false }\n${pools.join('')}`) as Record<string, unknown>;
    expect(Object.keys(input)).toHaveLength(1_001);
    expect(input.p999).toEqual({ health: false, seed: 999 });
  });

  it('may have the tags of the core schema', () => {
    expect(loaded('a: !!str 1\nb: !!int "2"\nc: !!map {}\n')).toEqual({ a: '1', b: 2, c: {} });
  });

  it('is text that stands in for too much other text', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x]'];
    for (let i = 1; i < 12; i++)
      lines.push(
        `a${i}: &a${i} [${Array(8)
          .fill(`*a${i - 1}`)
          .join(', ')}]`,
      );
    expect(problemsOf(fileWith(lines.join('\n')))).toEqual([
      'gateway.yaml: Excessive alias count indicates a resource exhaustion attack',
    ]);
    expect(() => readConfig(loaded('log: &a { level: *a }'))).toThrow('log.level must not contain itself');
  });

  it('is nested so deeply that no parser can follow', () => {
    const [problem, ...others] = problemsOf(fileWith('['.repeat(20_000)));
    expect(problem).toMatch(/^gateway\.yaml:1:\d+: Maximum call stack size exceeded$/);
    expect(others).toEqual([]);
  });

  it('cannot reach prototypes', () => {
    for (const text of ['__proto__: { polluted: 1 }', 'log: { <<: { __proto__: { polluted: 1 } } }']) {
      expect(() => readConfig(loaded(text))).toThrow('__proto__ is not a setting');
    }
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

describe('wrong JSON', () => {
  it.each([
    ['{\n  "a": x\n}', 'gateway.json:2:8: Strings must stand in double quotes'],
    ['{\n  "a" 1\n}', 'gateway.json:2:7: Missing , or : between flow map items'],
    ['{\n  "a": 1', 'gateway.json:2:9: Flow map must end with a }'],
    ['{ "a": 1 } // end', 'gateway.json:1:12: This cannot stand here: a comma or line break may be missing'],
    ['{\n  "listeners": []\n  "pools": {}\n}', 'gateway.json:3:3: Missing , between flow map items'],
    ['{ "a": 1, }', 'gateway.json:1:11: not JSON: Expected double-quoted property name'],
    ['{\n  "a": "b\nc" }', 'gateway.json:2:10: not JSON: Bad control character in string literal'],
    ['a: 1', "gateway.json: not JSON: Unexpected token 'a'"],
    ['', 'gateway.json: not JSON: Unexpected end of JSON input'],
    ['{ "a": 1, "b": { "c": 1, "c": 2 } }', 'gateway.json:1:26: the key "c" is there twice'],
  ])('is told with line and column: %j', (text, line) => {
    expect(problemsOf(fileWith(text, 'gateway.json'))).toContain(line);
  });

  it.each([
    "{ 'a': 1 }",
    '{ "a": 1, }',
    '{ "a": 1 } # end',
    '{ "a": NaN }',
    '',
    '"a": 1',
    '{ "a": [1,,2] }',
    '{ "a": &b 1 }',
  ])('is what only YAML allows: %j', (text) => {
    expect(problemsOf(fileWith(text, 'gateway.json'))).toHaveLength(1);
  });

  it('does not show what stands around the mistake', () => {
    for (const text of [
      `{ "token": "hunter2", 'a': 1 }`,
      '{ "token": hunter2 }',
      '{ "token": "hunter2", "a": +1 }',
      'hunter2: 1',
    ]) {
      const [problem] = problemsOf(fileWith(text, 'gateway.json'));
      expect(problem).toMatch(/^gateway\.json:/);
      expect(problem).not.toContain('hunter2');
    }
  });
});
