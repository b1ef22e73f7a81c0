import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type SchemaNode, schemaTree } from '../../src/config/json-schema.ts';
import { readConfig } from '../../src/config/read-config.ts';
import { inWords, ruleOf } from '../../src/config/rule.ts';

const page = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');

/** The rows of all tables: default, allowed and description by the place of the setting. */
function documented(): Map<string, string> {
  const rows = new Map<string, string>();
  for (const section of page.split(/^### /m).slice(1)) {
    const [heading = '', ...lines] = section.split(/\n(?=## |[^#])/);
    // One table may hold for several places.
    const places = [...heading.matchAll(/`([^`]+)`/g)].map(([, place]) => `${place}.`);
    for (const line of lines) {
      const [, name, ...cells] = line.split('|').map((cell) => cell.trim());
      const setting = /^`(.*)`$/.exec(name ?? '')?.[1];
      if (setting === undefined) continue;
      for (const place of places.length === 0 ? [''] : places) {
        expect(rows.has(place + setting), `${place}${setting} has two rows`).toBe(false);
        rows.set(place + setting, cells.slice(0, 3).join(' | '));
      }
    }
  }
  return rows;
}

const branchesOf = (node: SchemaNode): readonly SchemaNode[] => node.anyOf ?? node.oneOf ?? [node];

/** The settings of all branches of a part of the schema: those of one name are one. */
function settingsOf(branches: readonly SchemaNode[]): Map<string, SchemaNode[]> {
  const settings = new Map<string, SchemaNode[]>();
  for (const { properties = {} } of branches) {
    for (const [name, node] of Object.entries(properties))
      settings.set(name, [...(settings.get(name) ?? []), node]);
  }
  return settings;
}

/** The same rows, from the schema. */
function* expected(node: SchemaNode, place = ''): Generator<[place: string, row: string]> {
  // Where secrets may come from has a section of its own.
  if (node.secret === true) return;
  const branches = branchesOf(node).filter(({ properties }) => properties !== undefined);
  for (const [name, nodes] of settingsOf(branches)) {
    const [first] = nodes as [SchemaNode];
    const isRequired = branches.every(({ required }) => required?.includes(name));
    const preset = first.default === undefined ? '' : `\`${JSON.stringify(first.default)}\``;
    const row = [isRequired ? 'required' : preset, inWords(nodes.map(ruleOf)), first.description ?? ''].join(
      ' | ',
    );
    yield [place + name, row];
    for (const one of nodes) yield* expected(one, `${place}${name}.`);
  }
  for (const branch of branchesOf(node)) {
    if (typeof branch.items === 'object') yield* expected(branch.items, `${place.slice(0, -1)}[].`);
    if (typeof branch.additionalProperties === 'object')
      yield* expected(branch.additionalProperties, `${place}<name>.`);
  }
}

describe('the page on the configuration', () => {
  it('has every setting with its default, what is allowed and what it is, and no others', () => {
    const settings = new Map(expected(schemaTree()));
    expect(settings.size).toBeGreaterThan(120);
    expect(Object.fromEntries(documented())).toEqual(Object.fromEntries(settings));
  });

  const examples = [...page.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, text]) => text as string);

  it('has examples that can be used', () => {
    const whole = examples.filter((text) => text.includes('listeners:'));
    expect(whole).toHaveLength(2);
    for (const text of whole) expect(() => readConfig(parse(text, { merge: true }))).not.toThrow();
  });

  it('has a full example: with every part that there is', () => {
    const full = parse(examples.find((text) => text.includes('routes:')) as string, { merge: true });
    const parts = Object.keys(schemaTree().properties ?? {}).filter((name) => name !== '$schema');
    const optional = ['name', 'timeouts', 'shutdown', 'paths'];
    expect([...Object.keys(full), ...optional].sort()).toEqual(parts.sort());
  });

  it('shows mistakes as they are told', () => {
    const shown = /^```text\n(.*?)^```$/ms.exec(page)?.[1]?.trimEnd().split('\n') ?? [];
    const twice = 'http://10.0.0.1:8080';
    const mistakes = [
      { listeners: [{ port: 70_000 }], pools: { shop: { backends: [] } } },
      { listeners: [{ port: 1 }], pools: { shop: { backends: [], stategy: 'random' } } },
      {
        listeners: [{ port: 1 }],
        pools: { shop: { backends: ['http://a', 'http://b', { url: 'http://c', weight: Number.NaN }] } },
      },
      { listeners: [{ port: 1 }], pools: { shop: { backends: [twice, 'http://b', 'http://c', twice] } } },
      {
        listeners: [{ port: 1 }],
        pools: { shop: { backends: [] } },
        routes: [{ pool: 'shop' }, { path: '/a', pool: 'shpo' }],
      },
      { listeners: [{ port: 1 }], pools: { shop: { backends: [] } }, admin: { host: '0.0.0.0', port: 2 } },
    ];
    for (const [i, input] of mistakes.entries()) expect(() => readConfig(input)).toThrow(shown[i]);
    expect(shown).toHaveLength(mistakes.length + 1);
    // The last one is told by the check of certificates, and held by its test.
    expect(shown.at(-1)).toMatch(/\.key must be the key of cert \(CN=shop\.example\), got that of another$/);
  });
});
