import { describe, expect, it } from 'vitest';
import type { UsableConfig } from '../../src/cli/config-source.ts';
import { FILE_CHANGE, Reloads } from '../../src/cli/reloads.ts';
import { readConfig } from '../../src/config/read-config.ts';
import { UnresolvedConfigError } from '../../src/config/resolve-config.ts';
import { ConfigError } from '../../src/errors.ts';
import type { SharedConfig } from '../../src/workers/shared-config.ts';
import { KeptLog, settled } from '../workers/fakes.ts';

const config = (...backends: string[]): UsableConfig => ({
  config: readConfig({ listeners: [{ port: 0 }], pools: { shop: { backends } } }) as SharedConfig,
  names: [],
  warnings: [],
  files: backends,
});

const A = 'http://10.0.0.1';
const B = 'http://10.0.0.2';

function setUp() {
  const log = new KeptLog();
  const source = { next: config(A) as UsableConfig | Error };
  const taken: SharedConfig[] = [];
  const gateway = { refusal: undefined as Error | undefined };
  const reloads = new Reloads(
    {
      file: 'gateway.yaml',
      async read() {
        if (source.next instanceof Error) throw source.next;
        return source.next;
      },
    },
    config(A),
    {
      async reload(next) {
        if (gateway.refusal !== undefined) throw gateway.refusal;
        taken.push(next);
      },
    },
    log,
  );
  return { log, source, taken, gateway, reloads };
}

describe('reading the configuration again', () => {
  it('gives it to the gateway, and tells what has changed', async () => {
    const { log, source, taken, reloads } = setUp();
    source.next = config(A, B);
    await reloads.reload('SIGHUP');
    expect(taken).toEqual([config(A, B).config]);
    expect(log.texts).toEqual([`info the configuration has changed: pools.shop.backends ${B} was added`]);
    expect(log.lines[0]?.fields).toMatchObject({ why: 'SIGHUP', file: 'gateway.yaml' });
    expect(reloads.files).toEqual([A, B]);
  });

  it('leaves the gateway alone where it is the same', async () => {
    const { log, taken, reloads } = setUp();
    await reloads.reload('SIGHUP');
    expect(taken).toEqual([]);
    expect(log.texts).toEqual(['info the configuration is the same as before']);
    await reloads.reload(FILE_CHANGE);
    expect(log.texts.at(-1)).toBe('debug the configuration is the same as before');
  });

  it('tells line by line what is wrong, and keeps the one before', async () => {
    const { log, source, taken, reloads } = setUp();
    source.next = new ConfigError(['pools.shop is wrong', 'listeners is missing']);
    await reloads.reload('SIGHUP');
    expect(taken).toEqual([]);
    expect(log.texts).toEqual([
      'error the configuration was refused, the one before runs on: pools.shop is wrong',
      'error the configuration was refused, the one before runs on: listeners is missing',
    ]);
    expect(reloads.files).toEqual([A]);
    source.next = config(B);
    await reloads.reload('SIGHUP');
    expect(taken).toHaveLength(1);
  });

  it('tells of the same mistakes once where a signal and a change of the file come together', async () => {
    const { log, source, reloads } = setUp();
    source.next = new ConfigError(['pools.shop is wrong']);
    await reloads.reload('SIGHUP');
    await reloads.reload(FILE_CHANGE);
    expect(log.lines).toHaveLength(1);
    await reloads.reload('SIGHUP');
    expect(log.lines).toHaveLength(2);
    source.next = new ConfigError(['pools.shop is wrong again']);
    await reloads.reload(FILE_CHANGE);
    expect(log.lines).toHaveLength(3);
  });

  it('keeps the one before where the gateway refuses', async () => {
    const { log, source, gateway, reloads } = setUp();
    source.next = config(B);
    gateway.refusal = new ConfigError(['workers can only be changed by a restart']);
    await reloads.reload('SIGHUP');
    gateway.refusal = new Error('odd');
    await reloads.reload('SIGHUP');
    expect(log.texts.map((text) => text.split(': ')[1])).toEqual([
      'workers can only be changed by a restart',
      'odd',
    ]);
    expect(reloads.files).toEqual([A]);
  });

  it('goes on with the files of one that says the same from other files', async () => {
    const { source, taken, reloads } = setUp();
    source.next = { ...config(A), files: ['moved.pem'] };
    await reloads.reload(FILE_CHANGE);
    expect(taken).toEqual([]);
    expect(reloads.files).toEqual(['moved.pem']);
  });

  it('knows the files that one which was refused names, until another one comes', async () => {
    const { source, reloads } = setUp();
    source.next = new UnresolvedConfigError(['there is no such file'], [A, 'late.pem']);
    await reloads.reload(FILE_CHANGE);
    expect(reloads.files).toEqual([A, 'late.pem']);
    source.next = config(B);
    await reloads.reload(FILE_CHANGE);
    expect(reloads.files).toEqual([B]);
  });

  it('waits for what must be done before', async () => {
    const { source, taken, reloads } = setUp();
    source.next = config(B);
    let open: (done: string) => void = () => {};
    const started = reloads.start(() => new Promise<string>((resolve) => (open = resolve)));
    const reloaded = reloads.reload('SIGHUP');
    await settled();
    expect(taken).toEqual([]);
    open('open');
    expect(await started).toBe('open');
    await reloaded;
    expect(taken).toHaveLength(1);
  });

  it('does one after the other', async () => {
    const { source, taken, reloads } = setUp();
    source.next = config(B);
    await Promise.all([reloads.reload('SIGHUP'), reloads.reload('SIGHUP'), reloads.reload('SIGHUP')]);
    expect(taken).toHaveLength(1);
  });
});
