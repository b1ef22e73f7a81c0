import { describe, expect, it } from 'vitest';
import { REFUSALS } from '../../src/local-reply/refusal.ts';
import { refusalResponse } from '../../src/local-reply/refusal-response.ts';

const typeFor = (accept: string | undefined) => refusalResponse(REFUSALS.noRoute, 'id', accept).headers[1];
const JSON_TYPE = 'application/json';
const TEXT = 'text/plain; charset=utf-8';

describe("the gateway's own answer", () => {
  it('says why as JSON, with the name of the request', () => {
    const { statusText, headers, body } = refusalResponse(REFUSALS.noRoute, 'id-1', undefined);
    expect(statusText).toBe('Not Found');
    expect(JSON.parse(body.toString())).toEqual({
      code: 'ERR_GW_NO_ROUTE',
      message: 'no route matches this host and path',
      requestId: 'id-1',
    });
    expect(headers).toEqual([
      ...['Content-Type', JSON_TYPE, 'Content-Length', String(body.length)],
      ...['Cache-Control', 'no-store', 'X-Request-Id', 'id-1'],
      ...['Date', expect.stringMatching(/^\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT$/)],
    ]);
  });

  it('says it as plain text to those who like that better', () => {
    const { body } = refusalResponse(REFUSALS.noRoute, 'id-1', 'text/html');
    expect(body.toString()).toBe('no route matches this host and path (ERR_GW_NO_ROUTE, request id-1)\n');
  });

  it.each([
    [undefined, JSON_TYPE],
    ['', JSON_TYPE],
    ['*/*', JSON_TYPE],
    ['application/*', JSON_TYPE],
    ['application/json', JSON_TYPE],
    ['application/problem+json;q=0.9, text/plain;q=0.8', JSON_TYPE],
    ['text/plain;q=0.5, application/json', JSON_TYPE],
    ['application/*, text/html;q=0.5', JSON_TYPE],
    ['*/*, text/plain;q=0.1', JSON_TYPE],
    ['text/plain;q=0', JSON_TYPE],
    ['text/plain;q=x', JSON_TYPE],
    ['image/png', JSON_TYPE],
    ['text/plain', TEXT],
    ['TEXT/*', TEXT],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', TEXT],
    ['application/json;q=0.2, text/plain; q=0.3', TEXT],
    ['text/plain, application/json', TEXT],
    [`${'x,'.repeat(600)}text/plain`, JSON_TYPE],
  ])('for Accept: %.50s is %s', (accept, type) => {
    expect(typeFor(accept)).toBe(type);
  });

  it('says when to come back, in whole seconds and not at once', () => {
    const toldFor = (retryAfterMs: number) => {
      const { headers } = refusalResponse({ ...REFUSALS.loop, retryAfterMs }, 'id', undefined);
      return headers.slice(-2);
    };
    expect(toldFor(0)).toEqual(['Retry-After', '1']);
    expect(toldFor(1_001)).toEqual(['Retry-After', '2']);
  });

  it('has the further headers of its refusal', () => {
    expect(refusalResponse(REFUSALS.method, 'id', undefined).headers).toContain('Allow');
  });
});
