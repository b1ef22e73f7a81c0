import { describe, expect, it } from 'vitest';
import { canonicalHost, isHost, isLoopback, isNetwork } from '../../src/config/host-names.ts';

describe('a host', () => {
  it.each([
    ['127.0.0.1', true],
    ['127.255.0.9', true],
    ['::1', true],
    ['0:0:0:0:0:0:0:1', true],
    ['::ffff:127.0.0.1', true],
    ['::ffff:7f00:1', true],
    ['::1%lo', true],
    ['localhost', true],
    ['LocalHost.', true],
    ['127.evil.example', false],
    ['localhost.evil.example', false],
    ['0.0.0.0', false],
    ['::', false],
    ['128.0.0.1', false],
    ['::ffff:10.0.0.1', false],
    ['fe80::1%eth0', false],
    ['', false],
  ])('is only this machine, or not: %s', (host, only) => {
    expect(isLoopback(host)).toBe(only);
  });

  it.each(['fe80::1%eth0', '::', 'a', 'a.b', 'A_b.c', '1.2.3.4', 'bücher.example'])(
    'may be listened on: %s',
    (host) => {
      expect(isHost(host)).toBe(true);
    },
  );

  it.each([
    ['a'.repeat(63), true],
    ['a'.repeat(64), false],
    [`${'a.'.repeat(126)}a`, true],
    [`${'a.'.repeat(127)}a`, false],
    ['a-b.c', true],
    ['-a.b', false],
    ['a-.b', false],
    ['a%41.b', false],
    ['a\u00ad.b', true],
    ['127.1', false],
    ['0x7f.1', false],
    ['fe80::1%eth0', false],
  ])('has a form of its own, or none: %s', (host, has) => {
    expect(canonicalHost(host) !== undefined).toBe(has);
  });
});

describe('a network', () => {
  it.each(['10.0.0.0/8', '10.0.0.1/8', '0.0.0.0/0', '::/0', '2001:db8::/32', '::1/128', '192.0.2.7', '::1'])(
    'may be %s',
    (text) => {
      expect(isNetwork(text)).toBe(true);
    },
  );

  it.each(['10.0.0.0/08x', '10.0.0.0/-1', '10.0.0.0/1e1', '10.0.0.0/ 8', '/8', 'a/8', '::/0000'])(
    'may not be %s',
    (text) => {
      expect(isNetwork(text)).toBe(false);
    },
  );
});
