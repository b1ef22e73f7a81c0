// The JSON Schema of scenario files. No quick test, as the compiler reads the types for it.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
// @ts-expect-error It is JavaScript, without types.
import { SCENARIO_SCHEMA, scenarioSchema } from '../../../scripts/scenario-schema.mjs';

interface Definition {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Definition>>;
}

describe('the schema of scenarios', () => {
  const schema = JSON.parse(scenarioSchema()) as Definition & { definitions: Record<string, Definition> };

  it('is the one in the package: after a change, run `npm run schema`', () => {
    expect(JSON.parse(readFileSync(SCENARIO_SCHEMA, 'utf8'))).toEqual(schema);
  });

  it('describes every setting, for editors', () => {
    const places = Object.entries({ Scenario: schema, ...schema.definitions }).flatMap(
      ([name, { properties }]) =>
        Object.entries(properties ?? {}).map(([setting, { description }]) => [
          `${name}.${setting}`,
          description,
        ]),
    );
    expect(places.length).toBeGreaterThan(60);
    // What a kind of event is called says its own type.
    const bare = places.filter(
      ([place, description]) => description === undefined && !/\.type$/.test(place as string),
    );
    expect(bare.map(([place]) => place)).toEqual([]);
  });
});
