import { setImmediate } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { serve } from '../../src/cli/serve.ts';
import type { ServeOptions } from '../../src/cli/serve-options.ts';
import { ConfigError } from '../../src/errors.ts';
import type { SharedConfig } from '../../src/workers/shared-config.ts';
import { FakeGateway, settled } from '../workers/fakes.ts';
import { folder, KeptIo } from './kept-io.ts';

const BACKEND = 'http://10.0.0.1:3000';

/** Runs until the gateway was made, or until the end. */
async function serving(
  options: Partial<ServeOptions>,
  prepare: (gateway: FakeGateway) => void = () => {},
  io = new KeptIo(),
) {
  const opened: { config: SharedConfig; gateway: FakeGateway }[] = [];
  let isOver = false;
  const code = serve({ accessLog: true, ...options }, io, (config) => {
    const gateway = new FakeGateway(config);
    prepare(gateway);
    opened.push({ config, gateway });
    return gateway;
  });
  code.catch(() => {}).finally(() => (isOver = true));
  while (opened.length === 0 && !isOver) await setImmediate();
  const [first] = opened;
  return { io, code, config: first?.config, gateway: first?.gateway };
}

async function stopped({ io, code }: Awaited<ReturnType<typeof serving>>): Promise<number> {
  await settled();
  io.process.emit('SIGTERM', 'SIGTERM');
  return code;
}

describe('evenkeel serve', () => {
  it('builds a configuration of one pool from options alone', async () => {
    const run = await serving({
      backend: [BACKEND, 'http://10.0.0.2:3000'],
      port: 81,
      host: '::1',
      strategy: 'maglev',
      adminPort: 9901,
      workers: 2,
      logLevel: 'warn',
      logFormat: 'json',
      accessLog: false,
    });
    expect(run.config).toMatchObject({
      listeners: [{ host: '::1', port: 81 }],
      pools: { default: { backends: [BACKEND, 'http://10.0.0.2:3000'], strategy: 'maglev' } },
      admin: { host: '127.0.0.1', port: 9901 },
      workers: 2,
      log: { level: 'warn', format: 'json', access: false },
    });
    expect(await stopped(run)).toBe(0);
  });

  it('takes backends as people write them', async () => {
    const run = await serving({ backend: ['localhost:3000', ':3001', BACKEND] });
    expect(run.config?.pools.default?.backends).toEqual([
      'http://localhost:3000',
      'http://localhost:3001',
      BACKEND,
    ]);
    expect(await stopped(run)).toBe(0);
  });

  it.each([
    [undefined, 'auto'],
    ['/ready', { request: { path: '/ready' } }],
    [false as const, false],
  ])('checks backends as it is told: --health %s', async (health, expected) => {
    const run = await serving({ backend: [BACKEND], ...(health === undefined ? {} : { health }) });
    expect(run.config?.pools).toMatchObject({ default: { health: expected } });
    expect(await stopped(run)).toBe(0);
  });

  it('says once what a strategy is called here', async () => {
    const run = await serving({ backend: [BACKEND], strategy: 'leastconn' });
    expect(run.config?.pools.default?.strategy).toBe('least-connections');
    expect(await stopped(run)).toBe(0);
  });

  it('listens on 8080, everywhere, where it is not told where', async () => {
    const run = await serving({ backend: [BACKEND] });
    expect(run.config?.listeners).toEqual([{ port: 8080, h2c: false }]);
    expect(run.config).not.toHaveProperty('admin');
    expect(run.config?.log.access).toBe(true);
    await stopped(run);
  });

  it('lets some options go before what a file says', async () => {
    const file = folder()(
      'gateway.yaml',
      'listeners: [{ port: 82 }]\npools: { shop: { backends: [] } }\nworkers: 4\nlog: { format: pretty }\nadmin: { port: 1, dashboard: false }\n',
    );
    const run = await serving({ config: file, workers: 2, adminPort: 9, logLevel: 'error' });
    expect(run.config).toMatchObject({
      listeners: [{ port: 82 }],
      workers: 2,
      log: { level: 'error', format: 'pretty', access: true },
      admin: { port: 9, dashboard: false },
    });
    await stopped(run);
  });

  it('says where it listens, and on which Node it had better not run', async () => {
    const io = Object.assign(new KeptIo(), { nodeVersion: '20.20.2' });
    const run = await serving({ backend: [BACKEND], adminPort: 0 }, () => {}, io);
    await stopped(run);
    expect(run.io.log.texts).toEqual([
      'info listening on http://127.0.0.1:8080',
      'warn Node 20.20.2 is past its end of life and has known holes: use Node 22 or later',
      expect.stringMatching(/^info the gateway stops/),
      'info the gateway has stopped',
    ]);
    expect(run.io).toMatchObject({ out: '', err: '' });
  });

  it('has no word against a Node that is kept up', async () => {
    const run = await serving({ backend: [BACKEND] });
    await stopped(run);
    expect(run.io.log.texts.filter((text) => text.startsWith('warn'))).toEqual([]);
  });

  it('leaves nothing behind where it cannot listen', async () => {
    const busy = new ConfigError(['cannot listen on *:8080: the address is in use (EADDRINUSE)']);
    const run = await serving({ backend: [BACKEND] }, (gateway) => gateway.failures.set('listen', busy));
    await expect(run.code).rejects.toBe(busy);
    expect(run.io.process.eventNames()).toEqual([]);
    expect(run.io.log.lines).toEqual([]);
  });

  it('can be stopped while it starts', async () => {
    const run = await serving({ backend: [BACKEND] }, (gateway) => gateway.hanging.add('listen'));
    expect(await stopped(run)).toBe(0);
    expect(run.gateway?.calls).toEqual(['listen', 'close undefined']);
  });

  it('ends with 0 also where that makes the start fail', async () => {
    const run = await serving({ backend: [BACKEND] }, (gateway) => {
      let fail: (error: Error) => void = () => {};
      gateway.listen = () => new Promise((_, reject) => (fail = reject));
      gateway.close = async () => fail(new Error('closed while it opened'));
    });
    expect(await stopped(run)).toBe(0);
  });

  it.each([
    [true, 0],
    [false, 1],
  ])('at a terminal (%s) and without a file, listens to SIGHUP %i times', async (isTerminal, listeners) => {
    const run = await serving({ backend: [BACKEND] }, () => {}, Object.assign(new KeptIo(), { isTerminal }));
    expect(run.io.process.listenerCount('SIGHUP')).toBe(listeners);
    await stopped(run);
  });

  it('sees a change of its file that comes while it starts', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const write = folder();
    const text = (pool: string) => `listeners: [{ port: 82 }]\npools: { ${pool}: { backends: [] } }\n`;
    const file = write('gateway.yaml', text('a'));
    let open: () => void = () => {};
    const run = await serving({ config: file }, (gateway) => {
      gateway.listen = () => new Promise((resolve) => (open = () => resolve([])));
    });
    write('gateway.yaml', text('another'));
    // A look at the file takes turns of the event loop, and the next one waits for it.
    const look = async () => {
      vi.advanceTimersByTime(1_000);
      await settled();
    };
    for (let looks = 0; looks < 5; looks++) await look();
    expect(run.gateway?.calls).toEqual([]);
    open();
    while (run.gateway?.calls.length === 0) await look();
    expect(run.gateway?.config).toMatchObject({ pools: { another: {} } });
    expect(await stopped(run)).toBe(0);
  });

  it('reads its file again at SIGHUP, options included', async () => {
    const write = folder();
    const text = (pool: string) => `listeners: [{ port: 82 }]\npools: { ${pool}: { backends: [] } }\n`;
    const file = write('gateway.yaml', text('a'));
    const run = await serving({ config: file, workers: 2 });
    await settled();
    write('gateway.yaml', text('b'));
    run.io.process.emit('SIGHUP');
    await settled();
    expect(run.gateway?.config).toMatchObject({ pools: { b: {} }, workers: 2 });
    write('gateway.yaml', 'pools: [');
    run.io.process.emit('SIGHUP');
    await settled();
    expect(run.io.log.texts.at(-1)).toMatch(/^error the configuration was refused, the one before runs on: /);
    expect(await stopped(run)).toBe(0);
  });
});
