import { describe, expect, it } from 'vitest';
import { listenError } from '../../src/listeners/listen-error.ts';

describe('an address that cannot be used', () => {
  it.each([
    [undefined, '*:80'],
    ['127.0.0.1', '127.0.0.1:80'],
    ['localhost', 'localhost:80'],
    ['::1', '[::1]:80'],
    ['fe80::1%eth0', '[fe80::1%eth0]:80'],
  ])('is named as people write it: %s', (host, text) => {
    const { problems } = listenError({ host, port: 80 }, new Error('no'), 'admin: ');
    expect(problems).toEqual([`admin: cannot listen on ${text}: no`]);
  });

  it.each([
    ['EADDRINUSE', 'the address is in use (EADDRINUSE)'],
    ['EACCES', 'not allowed (EACCES); ports below 1024 need a privilege'],
    ['EADDRNOTAVAIL', 'this machine has no such address (EADDRNOTAVAIL)'],
    ['ENOTFOUND', 'there is no such host name (ENOTFOUND)'],
  ])('is told why: %s', (code, reason) => {
    const { problems } = listenError({ host: 'shop', port: 80 }, Object.assign(new Error(code), { code }));
    expect(problems).toEqual([`cannot listen on shop:80: ${reason}`]);
  });
});
