import { describe, expect, it } from 'vitest';
import { readBaseUrl } from '../../src/upstream/base-url.ts';

describe('the base URL of a backend', () => {
  it.each([
    ['http://10.0.0.1:8080', '10.0.0.1:8080', '10.0.0.1', 8080, false, ''],
    ['https://a.test/', 'a.test', 'a.test', 443, true, ''],
    ['http://a.test/base', 'a.test', 'a.test', 80, false, '/base'],
    ['http://[::1]:81/a/b/', '[::1]:81', '::1', 81, false, '/a/b'],
  ])('%s', (url, authority, host, port, isSecure, path) => {
    expect(readBaseUrl(url)).toEqual({ authority, host, port, isSecure, path });
  });
});
