import { afterEach, describe, expect, it, vi } from 'vitest';
import { type ILoggerService, Loadbalancer, LoggerService } from '../src/index.ts';
import { aRequest, nativePool, RecordingService, RecordingWriter } from './support.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

function setUp() {
  const lines: unknown[][] = [];
  const sink = (...args: unknown[]) => void lines.push(args);
  return { lines, sink };
}

describe('LoggerService', () => {
  it('hands every argument on as it is, behind its name', () => {
    const { lines, sink } = setUp();
    const error = new Error('boom');
    new LoggerService({ sink }).log('warn', 'all is', { well: true }, error, undefined);
    expect(lines).toEqual([['evenkeel', 'warn', 'all is', { well: true }, error, undefined]]);
    expect(lines[0]?.[4]).toBe(error);
  });

  it('writes a line even where it is given nothing', () => {
    const { lines, sink } = setUp();
    new LoggerService({ sink }).log();
    expect(lines).toEqual([['evenkeel']]);
  });

  it('writes to the console unless told otherwise', () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => {});
    new LoggerService().log('warn', 'a');
    expect(log.mock.calls).toEqual([['evenkeel', 'warn', 'a']]);
  });

  it('returns nothing', () => {
    expect(new LoggerService({ sink: () => 'ignored' }).log('a')).toBeUndefined();
  });

  it('prints what is of the level debug only if asked to', () => {
    const { lines, sink } = setUp();
    new LoggerService({ sink }).log('debug', 'a');
    new LoggerService({ debug: false, sink }).log('debug', 'a');
    expect(lines).toEqual([]);
    new LoggerService({ debug: true, sink }).log('debug', 'a');
    expect(lines).toEqual([['evenkeel', 'debug', 'a']]);
  });
});

describe('a Loadbalancer with a LoggerService', () => {
  const refused = () => {
    throw new Error('refused');
  };

  async function linesOf(debug: boolean, answer?: () => unknown) {
    const { lines, sink } = setUp();
    const logger: ILoggerService = new LoggerService({ debug, sink });
    const spy = vi.spyOn(logger, 'log');
    const loadbalancer = new Loadbalancer(new RecordingService(answer), nativePool(1), logger);
    await loadbalancer.onRequest(aRequest('/a?b=1'), new RecordingWriter());
    return { lines, calls: spy.mock.calls };
  }

  const CHOSEN = ['debug', 'backend chosen', 'GET', '/a?b=1', 'http://10.0.0.0:8080'];
  const ATTEMPT = ['warn', 'attempt failed', 'GET', '/a?b=1', 'http://10.0.0.0:8080', new Error('refused')];
  const FAILED = ['error', 'request failed', 'GET', '/a?b=1', new Error('refused')];

  it('calls it for each request and for each error, and it prints errors', async () => {
    expect(await linesOf(false)).toEqual({ calls: [CHOSEN], lines: [] });
    expect(await linesOf(false, refused)).toEqual({
      calls: [CHOSEN, ATTEMPT, FAILED],
      lines: [
        ['evenkeel', ...ATTEMPT],
        ['evenkeel', ...FAILED],
      ],
    });
  });

  it('has each decision printed with debug', async () => {
    expect(await linesOf(true, refused)).toEqual({
      calls: [CHOSEN, ATTEMPT, FAILED],
      lines: [
        ['evenkeel', ...CHOSEN],
        ['evenkeel', ...ATTEMPT],
        ['evenkeel', ...FAILED],
      ],
    });
  });
});
