// Every setting in the tables of the page on resilience is an option of that name.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Loadbalancer } from '../../src/index.ts';

const page = readFileSync(new URL('../../docs/resilience.md', import.meta.url), 'utf8');
const settings = page.split(/^### /m).flatMap((section) => {
  const option = /^[^`\n]*: `(\w+)`\n/.exec(section)?.[1];
  if (option === undefined || !/^\| setting /m.test(section)) return [];
  return [...section.matchAll(/^\| (`.*?) +\|/gm)].flatMap(([, names = '']) => {
    // `group`: `name`, `name`
    const [group = '', rest = ''] = names.includes(': ') ? names.split(': ') : ['', names];
    return [...rest.matchAll(/`([\w.]+)`/g)].map(([, name]) =>
      [option, ...group.replaceAll('`', '').split('.'), ...(name as string).split('.')].filter(Boolean),
    );
  });
});

describe('the page on resilience', () => {
  it('has tables of settings', () => {
    expect(settings.length).toBeGreaterThan(12);
  });

  it.each(settings.map((path) => [path.join('.'), path] as const))('names the option %s', (place, path) => {
    const options = path.reduceRight<unknown>((inner, name) => ({ [name]: inner }), Symbol('wrong'));
    const service = { sendRequest: async () => ({ status: 200, data: '' }) };
    expect(() => new Loadbalancer(service, ['http://a'], { log() {} }, options as object)).toThrow(
      `${place} must be `,
    );
  });
});
