// Writes the configuration that a gateway has by default, for those who do without the schema.
import { readConfig } from './read-config.ts';
import type { GatewayConfig } from './schema.ts';

/** One pool without a backend, on the port of `serve`. All else is what the schema puts in. */
export function defaultConfig(): GatewayConfig {
  return readConfig({ listeners: [{ port: 8080 }], pools: { default: { backends: [] } } });
}

/** The source of {@link defaultConfig}. */
export function defaultConfigSource(): string {
  return [
    '// The configuration by default. Made of the schema by `npm run schema`: change that.',
    "import type { GatewayConfig } from './schema.ts';",
    '',
    '/** One pool without a backend, on the port of `serve`. */',
    `export const DEFAULT_CONFIG = ${JSON.stringify(defaultConfig(), undefined, 2)} satisfies GatewayConfig;`,
    '',
  ].join('\n');
}
