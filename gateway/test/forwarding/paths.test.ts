import { afterEach, describe, expect, it } from 'vitest';
import type { GatewayConfigInput } from '../../src/config/schema.ts';
import { createGateway } from '../../src/gateway.ts';
import { get } from '../conformance/wire/requests.ts';
import { reply } from '../conformance/wire/upstream.ts';
import { AccessLog, aClient, anUpstream, atTheEnd, endAll, until } from '../integration/gateway/lab.ts';

afterEach(endAll);

/** A gateway with routes to two backends, and where a path has gone, as what. */
async function routed(paths: GatewayConfigInput['paths'], routes: readonly object[]) {
  const upstreams = {
    a: await anUpstream({ complete: reply('200 OK', [], 'a') }),
    b: await anUpstream({ complete: reply('200 OK', [], 'b') }),
  };
  const log = new AccessLog();
  const gateway = createGateway(
    {
      listeners: [{ host: '127.0.0.1', port: 0 }],
      pools: {
        a: { backends: [upstreams.a.url], health: false },
        b: { backends: [upstreams.b.url], health: false },
      },
      routes: routes as GatewayConfigInput['routes'],
      paths,
    } as GatewayConfigInput,
    { log },
  );
  atTheEnd(() => gateway.close(0));
  const [address] = await gateway.listen();
  const client = await aClient(address?.port as number);
  let asked = 0;
  return {
    gateway,
    log,
    async send(path: string): Promise<string> {
      const answer = (await client.write(get(path)).answered(++asked))[asked - 1];
      if (answer?.status !== 200) return String(answer?.status);
      const pool = answer.body.toString() as 'a' | 'b';
      return `${pool} ${upstreams[pool].requests().at(-1)?.startLine.split(' ')[1]}`;
    },
  };
}

const A_AND_B = [{ pool: 'a' }, { path: '/b', pool: 'b' }];

describe('a path', () => {
  it('is forwarded as it came, and routed by its normal form', async () => {
    const { send } = await routed({}, A_AND_B);
    expect(await send('/%62')).toBe('b /%62');
    expect(await send('//b//x')).toBe('b //b//x');
    expect(await send('/b;x=1/y')).toBe('b /b;x=1/y');
    expect(await send('/a/../%7Eb/./c?%2e%2e/')).toBe('a /a/../%7Eb/./c?%2e%2e/');
    expect(await send('/b%2Fx')).toBe('a /b%2Fx');
  });

  it('is forwarded normalised where a backend could take it for one of another route', async () => {
    const { send } = await routed({}, A_AND_B);
    expect(await send('/b/../x?y=%62')).toBe('a /x?y=%62');
    expect(await send('/x/../b')).toBe('b /b');
    expect(await send('/b/..;/x')).toBe('a /x');
  });

  it('is forwarded normalised where that is asked for', async () => {
    const { send } = await routed({ forward: 'normalised' }, A_AND_B);
    expect(await send('/a/../%7Ec/./d//e;x/%3f?%2e%2e/')).toBe('a /~c/d/e/%3F?%2e%2e/');
  });

  it.each([
    ['keep', 'a /b%2fx', '400'],
    ['refuse', '400', '400'],
    ['decode', 'b /b/x', '400'],
  ] as const)('has an encoded slash: %s', async (encodedSlash, one, hidden) => {
    const { send } = await routed({ encodedSlash }, A_AND_B);
    expect(await send('/b%2fx')).toBe(one);
    expect(await send('/x%2f..%2fb')).toBe(hidden);
    expect(await send('/x\\..\\b')).toBe('400');
  });

  it.each([
    ['/b/unsafe/http://x/y.jpg', 'b /unsafe/http://x/y.jpg'],
    ['/b/cart;jsessionid=7', 'b /cart;jsessionid=7'],
    ['/b//evil.example', 'b /evil.example'],
    ['/b/x/./y//z', 'b /x/y/z'],
    ['/%62/x//y', 'b /x//y'],
  ])('keeps the spelling of what a route does not strip: %s', async (path, expected) => {
    const { send } = await routed({}, [{ pool: 'a' }, { path: '/b', pool: 'b', stripPrefix: true }]);
    expect(await send(path)).toBe(expected);
  });

  it('is routed without letter case where that does not count', async () => {
    const { send } = await routed({ caseSensitive: false }, A_AND_B);
    expect(await send('/B/X')).toBe('b /B/X');
  });

  it('of a request that is refused is in the access log', async () => {
    const { send, log } = await routed({}, [{ path: '/b', pool: 'b' }]);
    expect(await send('/nowhere?secret')).toBe('404');
    expect(await send('/b/..%2f')).toBe('400');
    await until(() => log.records.length === 2);
    expect(log.records.map(({ path, status, code }) => [path, status, code])).toEqual([
      ['/nowhere', 404, 'ERR_GW_NO_ROUTE'],
      ['/b/..%2f', 400, 'ERR_GW_BAD_TARGET'],
    ]);
  });

  it('is explained as it is routed', async () => {
    const { gateway } = await routed({}, A_AND_B);
    const { route } = await gateway.control.explain({ path: '//%62;x?y' });
    expect(route).toMatchObject({ path: '/b', pool: 'b' });
  });
});
