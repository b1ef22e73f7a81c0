import { afterEach, describe, expect, it } from 'vitest';
import { startAtTheFirst } from '../../../test/first-backend.ts';
import { header } from '../conformance/wire/messages.ts';
import { get } from '../conformance/wire/requests.ts';
import { type Reply, reply } from '../conformance/wire/upstream.ts';
import { aGateway, anUpstream, endAll, refusingUrl, until } from './gateway/lab.ts';

startAtTheFirst();

afterEach(endAll);

const CHECKS = { intervalMs: 20, fastIntervalMs: 10, thresholds: { fall: 2, rise: 2 } };

/** Answers checks as it is told, and all else with its name. */
function aBackend(name: string, health: () => string | undefined) {
  const complete: Reply = (socket, { startLine }) => {
    if (!startLine.includes('/health')) socket.write(reply('200 OK', [], name));
    else {
      const answer = health();
      if (answer !== undefined) socket.write(answer);
      else socket.destroy();
    }
  };
  return anUpstream({ complete });
}

describe('health checks', () => {
  it('take a backend out, bring it back, and tell of both', async () => {
    let isWell = true;
    const [good, other] = [
      await aBackend('good', () => reply('200 OK')),
      await aBackend('other', () => (isWell ? reply('200 OK') : undefined)),
    ];
    const { client, gateway, backends } = await aGateway({
      backends: [good.url, other.url],
      strategy: 'round-robin',
      health: CHECKS,
      panicRatio: 1,
    });
    const stateOf = (index: number) => backends()[index]?.state;
    await until(() => other.requests().length > 0 && stateOf(1) === 'up');
    isWell = false;
    await until(() => stateOf(1) === 'down');
    expect(backends()[1]).toMatchObject({ alive: false, checkFailure: expect.any(String) });
    const one = await client();
    for (let i = 0; i < 6; i++) one.write(get(`/${i}`));
    expect((await one.answered(6)).map(({ body }) => body.toString())).toEqual(Array(6).fill('good'));
    isWell = true;
    await until(() => stateOf(1) === 'up');
    expect(backends()[1]?.checkFailure).toBeUndefined();
    for (let i = 0; i < 6; i++) one.write(get(`/${i}`));
    const names = (await one.answered(12)).slice(6).map(({ body }) => body.toString());
    expect(names.filter((name) => name === 'other')).toHaveLength(3);
    expect(gateway.stats().events.map(({ type }) => type)).toEqual(['started', 'down', 'up']);
    // They are none of the requests of clients.
    expect(gateway.stats().requests.total).toBe(12);
    expect(backends().reduce((sum, { requests }) => sum + requests, 0)).toBe(12);
  });

  it('ask for what they are told to, on connections of their own, and end with the gateway', async () => {
    const upstream = await aBackend('a', () => reply('204 No Content'));
    const { gateway, client } = await aGateway({
      backends: [`${upstream.url}/base`],
      health: {
        ...CHECKS,
        request: { path: '/healthz?deep=1', method: 'HEAD', headers: { 'X-Check': 'yes' } },
      },
    });
    await (await client()).write(get('/own')).answered();
    await until(() => upstream.requests().length > 3);
    const checks = upstream.requests().filter(({ startLine }) => startLine.startsWith('HEAD'));
    expect(checks[0]?.startLine).toBe('HEAD /base/healthz?deep=1 HTTP/1.1');
    expect(checks[0]?.headers.map(([name, value]) => `${name}: ${value}`.toLowerCase())).toContain(
      'x-check: yes',
    );
    expect(upstream.connections.length).toBeGreaterThanOrEqual(checks.length);
    await gateway.close(0);
    const { length } = upstream.requests();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(upstream.requests().length).toBe(length);
  });

  it('whose backends all fail leave clients with the best there is', async () => {
    const upstream = await aBackend('still', () => reply('500 Sick'));
    const { client, backends, gateway } = await aGateway({ backends: [upstream.url], health: CHECKS });
    await until(() => backends()[0]?.state === 'down');
    expect(gateway.stats().pools[0]?.panic).toBe(false);
    // Only traffic can tell a false alarm from a real one: a backend that is down gets a request as a trial.
    expect((await (await client()).write(get()).answered())[0]?.body.toString()).toBe('still');
  });
});

describe('a pool of backends that do not exist', () => {
  it('says so at once, and when to come back', async () => {
    const { client, backends } = await aGateway({
      backends: [await refusingUrl(), await refusingUrl()],
      health: CHECKS,
    });
    await until(() => backends().every(({ state }) => state === 'down'));
    const [answer] = await (await client()).write(get()).answered();
    expect(answer?.status).toBe(503);
    expect(header(answer!, 'retry-after')).toBe('1');
    expect(JSON.parse(String(answer?.body))).toMatchObject({ code: 'ERR_LB_NO_BACKEND' });
  });
});

describe('backends that report their workload', () => {
  it('get requests by it', async () => {
    const report = (cpu: number) =>
      reply('200 OK', ['Content-Type: application/json'], JSON.stringify({ cpu }));
    const [idle, busy] = [
      await aBackend('idle', () => report(0.05)),
      await aBackend('busy', () => report(0.95)),
    ];
    const { client, gateway } = await aGateway({
      backends: [idle.url, busy.url],
      strategy: 'least-workload',
      health: CHECKS,
    });
    await until(() => [idle, busy].every((one) => one.requests().length > 2));
    const one = await client();
    for (let i = 0; i < 100; i++) one.write(get(`/${i}`));
    const names = (await one.answered(100)).map(({ body }) => body.toString());
    expect(names).toHaveLength(100);
    expect(names.filter((name) => name === 'idle').length).toBeGreaterThan(75);
    expect(gateway.stats().requests.statuses['2xx']).toBe(100);
  });
});

describe('backends whose requests fail', () => {
  it('are ejected, and others serve', async () => {
    const failing = await anUpstream({ complete: reply('503 Busy') });
    const good = await aBackend('good', () => undefined);
    const { client, backends, gateway } = await aGateway({
      backends: [failing.url, good.url],
      strategy: 'round-robin',
      ejection: { consecutiveFailures: 3 },
      panicRatio: 1,
    });
    const one = await client();
    for (let i = 1; i <= 20; i++) {
      const answers = await one.write(get(`/${i}`)).answered(i);
      expect(answers[i - 1]?.status).toBe(200);
    }
    expect(backends()[0]).toMatchObject({ state: 'barred', alive: false, errors: 3 });
    expect(failing.requests()).toHaveLength(3);
    expect(gateway.stats().events.map(({ type }) => type)).toEqual(['started', 'ejected']);
  });
});
