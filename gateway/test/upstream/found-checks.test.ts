import { describe, expect, it } from 'vitest';
import { foundChecks } from '../../src/upstream/found-checks.ts';

const REQUEST = { id: '', path: '/health', method: 'GET', payload: '' };

/** Healthy, and no good response. */
const NOT_FOUND_YET = 399;

/** Checks of two backends, each of which answers with the statuses given, one after the other. */
function checks(...statuses: (number | Error)[]) {
  const service = foundChecks({
    sendRequest: async () => {
      const status = statuses.shift();
      if (typeof status === 'number') return { status, data: 'own' };
      throw status;
    },
  });
  return async (url = 'http://a/health') => (await service.sendRequest(url, REQUEST)).status;
}

describe('a check that was not asked for', () => {
  it.each([404, 401, 302, 405, 500, 503])('finds nothing in %i: the backend has answered', async (status) => {
    expect(await checks(status)()).toBe(NOT_FOUND_YET);
  });

  it('counts from the first good response on, for each backend', async () => {
    const check = checks(404, 204, 503, 404, 404);
    expect([await check(), await check(), await check(), await check()]).toEqual([
      NOT_FOUND_YET,
      204,
      503,
      404,
    ]);
    expect(await check('http://b/health')).toBe(NOT_FOUND_YET);
  });

  it('counts where another gateway has had a good response', async () => {
    const service = foundChecks({ sendRequest: async () => ({ status: 503, data: '' }) });
    const check = async (url: string) => (await service.sendRequest(url, REQUEST)).status;
    service.responded('http://a/health', 204);
    service.responded('http://b/health', NOT_FOUND_YET);
    expect(await check('http://a/health')).toBe(503);
    expect(await check('http://b/health')).toBe(NOT_FOUND_YET);
  });

  it('fails where no response comes', async () => {
    await expect(checks(new Error('refused'))()).rejects.toThrow('refused');
  });
});
