import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { gatewayJsonSchema, type SchemaNode } from '../../src/config/json-schema.ts';
import { leastConfig, twoPools } from './inputs.ts';

const FILE = new URL('../../schema/gateway.schema.json', import.meta.url);

/** Every part of a schema, with its place. */
function* partsOf(node: SchemaNode, place = ''): Generator<[place: string, node: SchemaNode]> {
  yield [place, node];
  for (const [name, child] of Object.entries(node.properties ?? {}))
    yield* partsOf(child, `${place}.${name}`);
  for (const child of [node.additionalProperties, node.items]) {
    if (typeof child === 'object') yield* partsOf(child, `${place}[]`);
  }
  for (const child of [...(node.anyOf ?? []), ...(node.oneOf ?? [])]) yield* partsOf(child, `${place}|`);
}

describe('the JSON Schema', () => {
  const schema = gatewayJsonSchema() as SchemaNode & { $schema: string };

  it('is the one in the package: after a change, run `npm run schema`', () => {
    expect(JSON.parse(readFileSync(FILE, 'utf8'))).toEqual(schema);
  });

  it('names its draft', () => {
    expect(schema.$schema).toBe('https://json-schema.org/draft/2020-12/schema');
  });

  it('describes every setting in a sentence', () => {
    const named = [...partsOf(schema)].filter(([place]) => /\.[$\w]+$/.test(place) && !place.endsWith('.by'));
    expect(named.length).toBeGreaterThan(100);
    for (const [place, { description }] of named)
      expect([place, description]).toEqual([place, expect.stringMatching(/^[A-Z0-9`].*\.$/)]);
  });

  it('says defaults in words, for editors that show only those', () => {
    const found = new Map(partsOf(schema));
    expect(found.get('.timeouts.idleMs')).toEqual({
      type: 'integer',
      minimum: 1,
      maximum: 2_147_483_647,
      default: 75_000,
      description: 'Milliseconds that an idle connection of a client is kept. Default: 75000.',
    });
  });

  it('has no word of ours in it', () => {
    for (const [, node] of partsOf(schema)) {
      expect(node).not.toHaveProperty('rule');
      expect(node).not.toHaveProperty('secret');
    }
  });

  it('lets right configurations through, and no others', () => {
    const published = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]);
    const passes = (input: unknown) => published.safeParse(input).success;
    expect(passes(leastConfig())).toBe(true);
    expect(
      passes({ $schema: './gateway.schema.json', ...twoPools({ pool: 'shop', host: '*.shop.example' }) }),
    ).toBe(true);
    expect(passes({ ...leastConfig(), wokers: 2 })).toBe(false);
    expect(passes({ ...leastConfig(), workers: 65 })).toBe(false);
    expect(passes({ listeners: [{ port: 70_000 }], pools: {} })).toBe(false);
    expect(passes({})).toBe(false);
  });
});
