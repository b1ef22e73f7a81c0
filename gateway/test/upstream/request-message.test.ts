import { describe, expect, it } from 'vitest';
import { framed } from '../../src/upstream/request-message.ts';

const BACKEND = { hasBody: false, authority: '10.0.0.1:8080' };

describe('the head of a request for a backend', () => {
  it.each([[[]], [['Accept', '*/*']], [['X-Host', 'a']]])(
    'with %j names the host of the backend',
    (headers) => {
      expect(framed('GET', '/', { headers }, BACKEND).head).toContain('\r\nHost: 10.0.0.1:8080\r\n');
    },
  );

  it.each([[['Host', 'a.test']], [['Accept', '*/*', 'hOST', '']]])('keeps the host in %j', (headers) => {
    expect(framed('GET', '/', { headers }, BACKEND).head).not.toContain('10.0.0.1');
  });

  it('says how its body is delimited, whoever named the host', () => {
    expect(framed('POST', '/', { headers: [] }, BACKEND).head).toMatch(
      /Host: 10.0.0.1:8080\r\nContent-Length: 0\r\n/,
    );
    expect(framed('POST', '/', { headers: [] }, { ...BACKEND, hasBody: true }).head).toMatch(
      /Host: 10.0.0.1:8080\r\nTransfer-Encoding: chunked\r\n/,
    );
  });
});
