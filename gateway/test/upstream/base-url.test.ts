import { describe, expect, it } from 'vitest';
import { readBaseUrl } from '../../src/upstream/base-url.ts';

describe('the base URL of a backend', () => {
  it.each([
    ['http://10.0.0.1:8080', 'http://10.0.0.1:8080', '10.0.0.1', 8080, false, ''],
    ['https://a.test/', 'https://a.test', 'a.test', 443, true, ''],
    ['http://a.test/base', 'http://a.test', 'a.test', 80, false, '/base'],
    ['http://[::1]:81/a/b/', 'http://[::1]:81', '::1', 81, false, '/a/b'],
  ])('%s', (url, origin, host, port, isSecure, path) => {
    expect(readBaseUrl(url)).toEqual({ origin, host, port, isSecure, path });
  });
});
