// biome-ignore-all lint/suspicious/noTemplateCurlyInString: as they stand in files
import { describe, expect, it } from 'vitest';
import { type UnsetVariable, withVariables } from '../../src/config/variables.ts';

const ENV = { PORT: '8080', ON: 'true', SECRET: '0123456789', HOST: '10.0.0.1', EMPTY: '' };

function filled(input: unknown): { value: unknown; problems: string[] } {
  const unset: UnsetVariable[] = [];
  const value = withVariables(input, ENV, unset);
  return { value, problems: unset.map(({ problem }) => problem) };
}

describe('environment variables in a file', () => {
  it('stand for numbers, booleans and texts, as the setting wants', () => {
    const pools = {
      shop: {
        backends: ['http://${HOST}:${PORT}', { url: '${HOST}:81', weight: '${W:-0.5}', id: '${SECRET}' }],
        health: '${ON}',
        strategy: '${STRATEGY:-random}',
        sessions: { cookie: { secrets: ['${SECRET}'] } },
      },
    };
    expect(
      filled({ listeners: [{ port: '${PORT}', h2c: '${ON}' }], pools, workers: '${WORKERS:-2}' }),
    ).toEqual({
      problems: [],
      value: {
        listeners: [{ port: 8080, h2c: true }],
        pools: {
          shop: {
            backends: ['http://10.0.0.1:8080', { url: '10.0.0.1:81', weight: 0.5, id: '0123456789' }],
            health: true,
            strategy: 'random',
            sessions: { cookie: { secrets: ['0123456789'] } },
          },
        },
        workers: 2,
      },
    });
  });

  it('are texts where they are escaped, and empty where that is the default', () => {
    const set = { A: '$${HOST} ${HOST} $HOST $$', B: '${NONE:-}', C: 'a' };
    expect(filled({ routes: [{ requestHeaders: { set } }] }).value).toEqual({
      routes: [{ requestHeaders: { set: { A: '${HOST} 10.0.0.1 $HOST $$', B: '', C: 'a' } } }],
    });
  });

  it('that are missing, empty or misspelt are told, all of them', () => {
    const { problems } = filled({ listeners: [{ port: '${P}', host: '${EMPTY}' }], name: '${a b}', x: '${' });
    const form = 'must have ${NAME} or ${NAME:-default} at each "${"; write "$${" for the text';
    expect(problems).toEqual([
      'listeners[0].port needs the environment variable P, which is not set; ${P:-default} has a default',
      'listeners[0].host needs the environment variable EMPTY, which is empty; ${EMPTY:-default} has a default',
      `name ${form}`,
      `x ${form}`,
    ]);
  });

  it('are not read twice', () => {
    const unset: UnsetVariable[] = [];
    expect(withVariables({ name: '${A}' }, { A: '${B}', B: 'x' }, unset)).toEqual({ name: '${B}' });
    expect(unset).toEqual([]);
  });
});
