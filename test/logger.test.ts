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

  it('wants no debug lines unless told otherwise', () => {
    expect(new LoggerService().debugEnabled).toBe(false);
    expect(new LoggerService({ debug: false }).debugEnabled).toBe(false);
    expect(new LoggerService({ debug: true }).debugEnabled).toBe(true);
  });
});

describe('a Loadbalancer with a LoggerService', () => {
  async function linesOf(debug: boolean) {
    const { lines, sink } = setUp();
    const logger: ILoggerService = new LoggerService({ debug, sink });
    const loadbalancer = new Loadbalancer(new RecordingService(), nativePool(1), logger);
    await loadbalancer.onRequest(aRequest('/a?b=1'), new RecordingWriter());
    return lines;
  }

  it('writes one line a decision with debug', async () => {
    expect(await linesOf(true)).toEqual([['evenkeel', 'debug', 'GET /a?b=1 -> http://10.0.0.0:8080']]);
  });

  it('writes nothing without debug', async () => {
    expect(await linesOf(false)).toEqual([]);
  });
});
