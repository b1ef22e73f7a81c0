// The page on discovery shows configurations and commands that work as written.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { program } from '../../src/cli/program.ts';
import { readConfig } from '../../src/config/read-config.ts';

const page = readFileSync(new URL('../../../docs/discovery.md', import.meta.url), 'utf8');
const blocks = (language: string) =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(([, text = '']) => text);

it('has pools with each source, which the gateway takes', () => {
  const [text = ''] = blocks('yaml');
  const routes = [{ path: '/', pool: 'by-name' }];
  const { pools } = readConfig({ listeners: [{ port: 1 }], routes, ...parse(text) });
  const kinds = Object.values(pools).flatMap(({ discovery }) => Object.keys(discovery ?? {}));
  expect(new Set(kinds)).toEqual(new Set(['file', 'http', 'redis', 'etcd', 'kubernetes', 'remember']));
});

it('has commands with options that there are', () => {
  const [commands = '', call = ''] = blocks('sh');
  const lines = commands.trim().split('\n');
  const root = program({ stdout: { write() {} }, stderr: { write() {} } } as never, () => {});
  const register = root.commands.find((command) => command.name() === 'register');
  const known = register?.options.map(({ long }) => long) ?? [];
  for (const line of lines) {
    expect(line).toMatch(/^npx evenkeel register .* -- node server\.js$/);
    for (const [option] of line.matchAll(/--[a-z-]+(?= \S)/g))
      if (option !== '--') expect(known).toContain(option);
  }
  expect(lines).toHaveLength(2);
  // A change of a gateway needs both headers.
  expect(call).toMatch(/^curl -X PUT -H 'X-Evenkeel-Admin: 1' -H 'Content-Type: application\/json'/);
});

it('has a list that the file source reads', () => {
  const [text = ''] = blocks('json');
  expect(JSON.parse(text)).toHaveLength(2);
});
