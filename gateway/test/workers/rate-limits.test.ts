import { expect, it } from 'vitest';
import type { RateLimiter } from '../../../src/index.ts';
import type { RouteRateLimit } from '../../src/contracts.ts';
import { configOf, Lab } from './cluster.ts';
import type { FakeProcess } from './fakes.ts';

const LIMIT: RouteRateLimit = { name: '*/ client-address 3/60000', points: 3, durationMs: 60_000 };

const limiterOf = (process: FakeProcess, limit = LIMIT) => process.rateLimiter?.(limit) as RateLimiter;
const allowed = async (limiters: readonly RateLimiter[], key: string) => {
  const verdicts = await Promise.all(limiters.map((limiter) => limiter.take(key)));
  return verdicts.map((verdict) => verdict.allowed);
};

it('workers share what their clients may do', async () => {
  const lab = await Lab.serving();
  const limiters = [1, 2, 3, 1, 2].map((pid) => limiterOf(lab.process(pid)));
  expect(await allowed(limiters, 'ann')).toEqual([true, true, true, false, false]);
  expect(await allowed(limiters.slice(0, 2), 'bob')).toEqual([true, true]);
  const [first] = limiters;
  expect(await first?.take('bob')).toMatchObject({ allowed: true, limit: 3, remaining: 0 });
});

it('a worker that takes the place of another finds what was counted', async () => {
  const lab = await Lab.serving();
  await allowed(
    [1, 2, 3].map((pid) => limiterOf(lab.process(pid))),
    'ann',
  );
  await lab.end(2);
  await lab.pass(100);
  expect(await allowed([limiterOf(lab.process(4))], 'ann')).toEqual([false]);
});

it('a worker counts by itself while the primary is silent', async () => {
  const lab = await Lab.serving();
  const [one, other] = [lab.process(1), lab.process(2)];
  const limiters = [limiterOf(one), limiterOf(other)];
  one.isDeaf = true;
  expect(await allowed([limiters[0]!, limiters[0]!, limiters[0]!, limiters[0]!], 'ann')).toEqual([
    true,
    true,
    true,
    false,
  ]);
  expect(await allowed([limiters[1]!], 'ann')).toEqual([true]);
});

it('limits that no route has any more are forgotten, others count on', async () => {
  const routes = (...paths: string[]) =>
    configOf({
      routes: paths.map((path) => ({ path, pool: 'shop', rateLimit: { points: 3, durationMs: 60_000 } })),
    });
  const lab = await Lab.serving(routes('/a', '/b'));
  const [a, b] = ['/a', '/b'].map((path) =>
    limiterOf(lab.process(1), { ...LIMIT, name: `*${path} client-address 3/60000` }),
  );
  await allowed([a!, a!, a!, b!], 'ann');
  await lab.gateway.reload(routes('/a'));
  expect(await allowed([a!], 'ann')).toEqual([false]);
  expect((await b!.take('ann')).remaining).toBe(2);
});
