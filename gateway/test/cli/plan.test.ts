import { describe, expect, it } from 'vitest';
import { folder, ran } from './kept-io.ts';

const config = (pool: string, more = '') => `
listeners: [{ port: 0 }]
pools:
  shop: ${pool}
${more}
`;
const BACKENDS = '[http://10.0.0.1:80, http://10.0.0.2:80, http://10.0.0.3:80]';

async function planned(before: string, after: string, ...args: string[]) {
  const write = folder();
  return ran('plan', '-c', write('old.yaml', before), '--to', write('new.yaml', after), ...args);
}

describe('evenkeel plan', () => {
  it('says what moves, pool by pool, and from where to where', async () => {
    const { code, out, err } = await planned(
      config(`{ backends: ${BACKENDS} }`),
      config(
        '{ backends: [http://10.0.0.1:80, http://10.0.0.2:80, http://10.0.0.3:80, http://10.0.0.4:80] }',
      ),
    );
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^pool shop: 2\d(\.\d)? % of the keys have another home: /);
    expect(out).toMatch(/^ {2}backend +before +after +loses +gains$/m);
    expect(out).toMatch(/^ {2}http:\/\/10\.0\.0\.4 +0 % +2\d(\.\d)? % +0 % +2\d(\.\d)? %$/m);
    expect(out).not.toContain('expected shares');
  });

  it('says that nothing moves', async () => {
    const same = config(`{ backends: ${BACKENDS} }`);
    expect((await planned(same, same)).out).toMatch(/^pool shop: no key has another home\n/);
  });

  it('says what it costs to go from one ring to another', async () => {
    const { out } = await planned(
      config(`{ backends: ${BACKENDS}, strategy: { name: consistent-hash, ring: nginx } }`),
      config(`{ backends: ${BACKENDS} }`),
    );
    expect(out).toMatch(/^pool shop: about 6\d(\.\d)? % of the keys have another home: /);
    expect(out).toContain(
      'The two hash keys differently, so that keys have nothing in common: expected shares.',
    );
  });

  it.each([
    ['seed: 7', 'seed: 8'],
    ['affinity: { by: path }', 'affinity: { by: client-address }'],
    ['strategy: consistent-hash', 'strategy: ip-hash'],
  ])('takes keys for others where %s becomes %s', async (before, after) => {
    const { out } = await planned(
      config(`{ backends: ${BACKENDS}, ${before} }`),
      config(`{ backends: ${BACKENDS}, ${after} }`),
    );
    expect(out).toMatch(/^pool shop: about 6\d(\.\d)? % /);
  });

  it('tells of pools that come and go, and of those without homes', async () => {
    const { out } = await planned(
      config(
        `{ backends: ${BACKENDS} }`,
        '  old: { backends: [http://10.0.0.8:80] }\nroutes: [{ pool: shop }, { path: /o, pool: old }]',
      ),
      config(
        `{ backends: ${BACKENDS}, strategy: round-robin }`,
        '  new: { backends: [http://10.0.0.8:80] }\nroutes: [{ pool: shop }, { path: /n, pool: new }]',
      ),
    );
    expect(out).toContain(
      'pool shop cannot be told: plan needs a strategy that divides the key space into arcs, got round-robin\n',
    );
    expect(out).toContain('pool old goes, and all its keys with it\n');
    expect(out).toContain('pool new is new: no key had a home in it\n');
  });

  it('names the file of each mistake', async () => {
    const right = config(`{ backends: ${BACKENDS} }`);
    const { code, err } = await planned(right, config('{ backends: 1, seed: a }'));
    expect(code).toBe(2);
    const lines = err.trimEnd().split('\n');
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(line).toMatch(/^evenkeel: \/.*\/new\.yaml: pools\.shop\.\w+ must be /);
  });

  it('prints one JSON document where it is asked to', async () => {
    const { out } = await planned(
      config(`{ backends: ${BACKENDS} }`),
      config('{ backends: [http://10.0.0.1:80, http://10.0.0.2:80] }'),
      '--json',
    );
    expect(JSON.parse(out)).toMatchObject([{ pool: 'shop', plan: { exact: true, rescaled: false } }]);
  });

  it('refuses a file that cannot be used', async () => {
    const { code, err } = await planned(config('{ backends: [] }'), config('{ backend: [] }'));
    expect({ code, out: err }).toMatchObject({ code: 2, out: expect.stringContaining('backend') });
  });
});
