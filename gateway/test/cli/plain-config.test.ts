// Options that the schema need not see make what it would make of them.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainConfig } from '../../src/cli/plain-config.ts';
import {
  configOf,
  LOG_FORMATS,
  LOG_LEVELS,
  type ServeOptions,
  withOverrides,
} from '../../src/cli/serve-options.ts';
import { DEFAULT_CONFIG } from '../../src/config/default-config.ts';
import { defaultConfig } from '../../src/config/default-config-source.ts';
import { readConfig } from '../../src/config/read-config.ts';

const fromSchema = (options: ServeOptions) => readConfig(withOverrides(configOf(options), options));
const PARTS = [
  'a',
  'b-c',
  '1',
  '10.0.0.1',
  '127.1',
  '.',
  ':',
  '/',
  'http://',
  'https://',
  'unix:',
  '8080',
  '80',
  '08080',
  '65536',
  'A',
  '_',
  '@',
  '[::1]',
  'é',
];

const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const anyOptions = fc.record({
  backend: fc.array(
    fc.oneof(
      fc.constantFrom('a:8080', 'http://b.example:9090', ':8080', 'localhost:8080', '10.0.0.1:80', 'a:65536'),
      fc.array(fc.constantFrom(...PARTS), { maxLength: 4 }).map((parts) => parts.join('')),
    ),
    { maxLength: 3 },
  ),
  port: optional(fc.constantFrom(0, 1, 8080, 65_535)),
  host: optional(fc.constantFrom('127.0.0.1', '0.0.0.0', 'localhost', '::', 'fd:3', 'unix:/a', '1.2.3')),
  strategy: optional(fc.constantFrom('maglev', 'round-robin', 'least_conn')),
  health: fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, fc.constantFrom(false, '/health', '')),
  adminPort: fc.oneof({ weight: 5, arbitrary: fc.constant(undefined) }, fc.constantFrom(8080, 9901)),
  workers: optional(fc.constantFrom(1, 4)),
  logLevel: optional(fc.constantFrom(...LOG_LEVELS)),
  logFormat: optional(fc.constantFrom(...LOG_FORMATS)),
  accessLog: fc.boolean(),
}) as fc.Arbitrary<ServeOptions>;

describe('plain options', () => {
  it('make what the schema makes of them', () => {
    let plain = 0;
    fc.assert(
      fc.property(anyOptions, (options) => {
        const config = plainConfig(options);
        if (config === undefined) return;
        plain++;
        expect(config).toEqual(fromSchema(options));
      }),
      { numRuns: 4_000 },
    );
    expect(plain).toBeGreaterThan(50);
  });

  it.each([
    [{ backend: ['http://10.0.0.1:8080', 'b:9000'], accessLog: true }],
    [
      {
        backend: [':8080'],
        port: 9_000,
        host: '127.0.0.1',
        strategy: 'maglev',
        health: false,
        accessLog: false,
      },
    ],
  ] as [ServeOptions][])('are those of most users: %j', (options) => {
    expect(plainConfig(options)).toEqual(fromSchema(options));
  });

  it('are each by themselves', () => {
    const options: ServeOptions = { backend: ['a:8080'], accessLog: true };
    (plainConfig(options)?.limits as { headers: number }).headers = 1;
    expect(plainConfig(options)).toEqual(fromSchema(options));
  });
});

it('the configuration by default is that of the schema; `npm run schema` writes it', () => {
  expect(DEFAULT_CONFIG).toEqual(defaultConfig());
});
