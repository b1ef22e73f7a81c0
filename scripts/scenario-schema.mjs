// Makes the JSON Schema of scenario files from the types of `evenkeel/simulator`, whose comments become the
// descriptions that editors show. `npm run schema` writes it; a test compares the committed file.
import { fileURLToPath } from 'node:url';
import { createGenerator } from 'ts-json-schema-generator';

const pathOf = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));

/** Where the schema is committed. */
export const SCENARIO_SCHEMA = pathOf('gateway/schema/scenario.schema.json');

/** The schema as text. */
export function scenarioSchema() {
  const schema = createGenerator({
    path: pathOf('src/simulator/scenario.ts'),
    tsconfig: pathOf('tsconfig.json'),
    type: 'Scenario',
    skipTypeCheck: true,
    // A file cannot hold a factory.
    functions: 'hide',
    topRef: false,
  }).createSchema('Scenario');
  schema.title = 'Scenario of evenkeel simulate';
  // Editors need a place to name the schema itself.
  schema.properties.$schema = { type: 'string', description: 'The schema of the file, for editors.' };
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}
