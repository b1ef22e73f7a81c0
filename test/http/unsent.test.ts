import { describe, expect, it } from 'vitest';
import { isUnsent } from '../../src/http/unsent.ts';

const coded = (code: string, message = code) => Object.assign(new Error(message), { code });
const failed = (cause: unknown) => new TypeError('fetch failed', { cause });

describe('that a request was not sent', () => {
  it.each<[string, unknown, boolean]>([
    ['a refused connection in Node', failed(coded('ECONNREFUSED')), true],
    ['a refused connection in Bun', coded('ECONNREFUSED'), true],
    [
      'a refused connection in Deno',
      failed(
        new Error('error sending request for url (http://a/): client error (Connect): tcp connect error'),
      ),
      true,
    ],
    ['an unknown name', failed(coded('ENOTFOUND')), true],
    [
      'several addresses that all refuse',
      failed(new AggregateError([coded('ECONNREFUSED'), coded('EHOSTUNREACH')])),
      true,
    ],
    [
      'several addresses of which one may have taken it',
      failed(new AggregateError([coded('ECONNREFUSED'), coded('ECONNRESET')])),
      false,
    ],
    ['a connection that was cut', failed(coded('UND_ERR_SOCKET', 'other side closed')), false],
    ['a connection that was reset', failed(coded('ECONNRESET')), false],
    ['an error that says nothing', new TypeError('fetch failed'), false],
    ['no error', 'ECONNREFUSED', false],
  ])('is known of %s', (_, error, is) => {
    expect(isUnsent(error)).toBe(is);
  });
});
