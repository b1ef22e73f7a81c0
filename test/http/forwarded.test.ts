import { describe, expect, it } from 'vitest';
import { forwardedElement, forwardedNode } from '../../src/http/forwarded.ts';

describe('an element of Forwarded', () => {
  it.each([
    ['192.0.2.1', 'a.example', 'for=192.0.2.1;host=a.example;proto=http'],
    ['2001:db8::1', 'a.example:8080', 'for="[2001:db8::1]";host="a.example:8080";proto=http'],
    ['', '', 'for=unknown;host="";proto=http'],
    [undefined, '[::1]', 'for=unknown;host="[::1]";proto=http'],
  ])('for %s and host %s is %s', (address, host, element) => {
    expect(forwardedElement(forwardedNode(address), host, 'http')).toBe(element);
  });
});
