import { describe, expect, it } from 'vitest';
import { resolveInput } from '../../src/config/resolve-input.ts';
import { type UnsetVariable, withVariables } from '../../src/config/variables.ts';
import type { ConfigError } from '../../src/errors.ts';
import { leastConfig } from './inputs.ts';

function problemsOf(written: unknown, env = {}): readonly string[] {
  const unset: UnsetVariable[] = [];
  const input = withVariables(structuredClone(written), env, unset);
  try {
    resolveInput(input, { baseDir: '/nowhere', env, unset });
  } catch (error) {
    return (error as ConfigError).problems;
  }
  return [];
}

describe('a configuration with mistakes of every stage', () => {
  const WRONG = {
    listeners: [
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it stands in a file
      { port: '${PORT}', tls: { certificates: [{ cert: 'no.pem', key: 'no.key' }] } },
      { port: 70_000 },
    ],
    pools: {
      shop: {
        backends: ['http://a'],
        stategy: 'rr',
        sessions: { cookie: { secrets: [{ env: 'SECRET' }, 'short'] } },
        tls: { ca: 'ca.pem' },
      },
      api: { backends: ['http://b'], sessions: { jwt: { key: { file: 'key' }, algorithms: ['HS256'] } } },
    },
    routes: [{ pool: 'shpo' }],
    admin: { port: 9901, prot: 1, token: { env: 'TOKEN' } },
  };

  it('tells all of them in one round, each once', () => {
    const problems = problemsOf(WRONG);
    const places = problems.map((problem) => problem.split(' ', 1)[0]);
    expect([...places].sort()).toEqual([
      'admin.prot',
      'admin.token.env',
      'listeners[0].port',
      'listeners[0].tls.certificates[0].cert',
      'listeners[0].tls.certificates[0].key',
      'listeners[1].port',
      'pools.api.sessions.jwt.key.file',
      'pools.shop.sessions.cookie.secrets[0].env',
      'pools.shop.sessions.cookie.secrets[1]',
      'pools.shop.stategy',
      'pools.shop.tls.ca',
      'routes[0].pool',
    ]);
    expect(problems[0]).toBe(
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it stands in the message
      'listeners[0].port needs the environment variable PORT, which is not set; ${PORT:-default} has a default',
    );
  });

  it('tells a literal secret that is too short once', () => {
    const pool = { backends: ['http://a'], sessions: { cookie: { secrets: ['short'] } } };
    const problems = problemsOf({ ...leastConfig(), pools: { shop: pool }, name: 'two words' });
    expect(problems.filter((problem) => problem.includes('secrets'))).toHaveLength(1);
    expect(problems).toHaveLength(2);
  });

  it('says nothing of what a missing variable might have been', () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: they stand in a file
    const backends = ['http://a', '${B}', '${B}'];
    expect(problemsOf({ ...leastConfig(), pools: { shop: { backends } } })).toHaveLength(2);
  });

  it.each([[null], ['x'], [{ listeners: null, pools: [null], admin: 3 }], [{ pools: { a: null } }]])(
    'may be no configuration at all: %j',
    (input) => expect(problemsOf(input).length).toBeGreaterThan(0),
  );

  it('gives what was written beside what came of it', () => {
    const { written, config } = resolveInput(leastConfig(), { baseDir: '/' });
    expect(written.pools.shop?.strategy).toBe(config.pools.shop?.strategy);
  });
});
