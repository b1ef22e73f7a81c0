import { replay } from 'evenkeel/simulator';
import { describe, expect, it } from 'vitest';
import type { GatewayConfig } from '../../src/config/schema.ts';
import type { AccessRecord } from '../../src/contracts.ts';
import { pinoLog } from '../../src/observation/pino-log.ts';
import { wantsColors } from '../../src/observation/standard-output.ts';

const RECORD: AccessRecord = {
  requestId: 'r1',
  method: 'GET',
  path: '/cart',
  host: 'shop.example',
  protocol: 'HTTP/1.1',
  clientAddress: '192.0.2.1',
  status: 200,
  pool: 'shop',
  backend: 'http://10.0.0.1:80',
  keyHash: '1f00ba12',
  spilled: false,
  remembered: true,
  attempts: 1,
  durationMs: 12.3456789,
  bytesReceived: 0,
  bytesSent: 512,
  code: undefined,
};

type Settings = Partial<GatewayConfig['log']>;

function logged(settings: Settings = {}, destination: { isTerminal?: boolean; hasColors?: boolean } = {}) {
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  const log = pinoLog({ level: 'info', access: true, ...settings }, { write, ...destination });
  return { log, lines, last: () => JSON.parse(lines.at(-1) ?? '') };
}

describe('the log in JSON', () => {
  it('has one line for each request, with flat and stable fields', () => {
    const { log, lines, last } = logged();
    log.access?.(RECORD);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^\{.*\}\n$/);
    const { code: _, ...present } = RECORD;
    expect(last()).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      pid: process.pid,
      ...present,
      durationMs: 12.346,
      msg: 'request',
    });
  });

  it('can be replayed: keys are told apart by their hashes, as queries are left out', async () => {
    const { log, lines } = logged();
    const keys = ['1f00ba12', '2f00ba12', '1f00ba12'];
    for (const keyHash of keys) log.access?.({ ...RECORD, keyHash, durationMs: 5 });
    log.info({ port: 8080 }, 'listening');
    const result = await replay(lines, { scenario: { contenders: ['consistent-hash'] } });
    expect(result.log).toMatchObject({
      ...{ format: 'evenkeel', requests: 3, paths: 2, clients: 1, broken: 1, meanDurationMs: 5 },
    });
  });

  it('names the worker in each line of a gateway with several', () => {
    const lines: string[] = [];
    const log = pinoLog({ level: 'info', access: true }, { write: (line) => void lines.push(line) }, 2);
    log.info({}, 'listening');
    expect(JSON.parse(lines[0] as string)).toMatchObject({ pid: process.pid, worker: 2 });
  });

  it('leaves out what nobody wants', () => {
    const { log, lines } = logged({ level: 'warn' });
    log.debug({}, 'a');
    log.info({}, 'b');
    log.warn({}, 'c');
    log.error({}, 'd');
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual(['c', 'd']);
    expect(log.access).toBeUndefined();
    expect(logged({ access: false }).log.access).toBeUndefined();
    expect(logged({ level: 'debug' }).log.access).toBeDefined();
    const silent = logged({ level: 'silent' });
    silent.log.error({}, 'e');
    expect(silent.lines).toEqual([]);
  });

  it('never has queries, nor what a field is named for', () => {
    const { log, lines } = logged();
    log.access?.({ ...RECORD, path: '/cart?token=geheim' });
    log.warn({ path: '/a#geheim', url: 'http://a/b?c=geheim' }, 'odd');
    log.warn({ authorization: 'Bearer geheim', cookie: 'a=geheim', token: 'geheim' }, 'odd');
    log.warn({ 'set-cookie': ['geheim'], secret: 'geheim', password: 'geheim' }, 'odd');
    expect(lines.join('')).not.toContain('geheim');
    expect(lines.join('')).toContain('"path":"/cart"');
  });

  it('keeps every line one line', () => {
    const { log, lines, last } = logged();
    const evil = 'a\r\n{"level":"error","msg":"forged"}\u2028';
    log.access?.({ ...RECORD, path: evil, host: evil });
    log.error({ reason: evil }, evil);
    expect(lines.every((line) => line.trimEnd().split(/[\r\n]/).length === 1)).toBe(true);
    expect(last().msg).toBe(evil);
  });

  it('shortens a path that is very long', () => {
    const { log, last } = logged();
    log.access?.({ ...RECORD, path: `/${'x'.repeat(8_000)}` });
    expect(last().path).toHaveLength(2_051);
  });

  it('shows errors with their stack', () => {
    const { log, last } = logged();
    log.error({ error: Object.assign(new TypeError('no'), { code: 'ERR_NO' }) }, 'failed');
    expect(last().error).toMatchObject({ name: 'TypeError', message: 'no', code: 'ERR_NO' });
    expect(last().error.stack).toContain('pino-log.test.ts');
    log.error({ error: 'only text' }, 'failed');
    expect(last().error).toBe('only text');
  });
});

describe('the log for people', () => {
  it.each<[Settings, boolean, boolean]>([
    [{}, true, true],
    [{}, false, false],
    [{ format: 'json' }, true, false],
    [{ format: 'pretty' }, false, true],
  ])('is written with %j where the reader is a terminal: %s', (settings, isTerminal, isPretty) => {
    const { log, lines } = logged(settings, { isTerminal });
    log.info({ port: 8080 }, 'listening');
    expect(lines[0]?.startsWith('{')).toBe(!isPretty);
  });

  it('says of a request what matters, in one line', () => {
    const { log, lines } = logged({ format: 'pretty' });
    log.access?.({ ...RECORD, path: '/cart?token=geheim' });
    log.access?.({ ...RECORD, status: 502, attempts: 3, backend: undefined, code: 'ERR_GW_UPSTREAM' });
    const unread = {
      method: '',
      host: '',
      path: '',
      status: 400,
      backend: undefined,
      code: 'ERR_GW_BAD_REQUEST',
    };
    log.access?.({ ...RECORD, ...unread });
    log.info({ port: 8080 }, 'listening');
    expect(lines.map((line) => line.replace(/^\[[\d:.]+\] /, ''))).toEqual([
      'INFO: GET shop.example/cart 200 in 12 ms from http://10.0.0.1:80\n',
      'INFO: GET shop.example/cart 502 in 12 ms at attempt 3 (ERR_GW_UPSTREAM)\n',
      'INFO: no request 400 in 12 ms (ERR_GW_BAD_REQUEST)\n',
      'INFO: listening {"port":8080}\n',
    ]);
  });

  it('gives a terminal nothing to obey', () => {
    const { log, lines } = logged({ format: 'pretty' });
    const evil = '\x1b[2J\x9b31m\r\nforged\x07';
    log.access?.({ ...RECORD, path: evil, host: evil, code: evil });
    log.error({ reason: evil, error: new Error(evil) }, evil);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
    expect(lines.join('')).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
    expect(lines[0]?.split('\n')).toHaveLength(2);
  });

  it('has colours only where the reader understands them', () => {
    const { log, lines } = logged({ format: 'pretty' }, { hasColors: true });
    log.warn({}, 'careful');
    expect(lines[0]).toContain('\x1b[33mWARN');
  });

  it.each<[boolean, Record<string, string>, boolean]>([
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [true, { TERM: 'dumb' }, false],
    [false, { FORCE_COLOR: '1' }, true],
    [true, { FORCE_COLOR: '0' }, false],
    [true, { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
  ])('on a terminal: %s, with %j, has colours: %s', (isTerminal, env, expected) => {
    expect(wantsColors(isTerminal, env)).toBe(expected);
  });
});
