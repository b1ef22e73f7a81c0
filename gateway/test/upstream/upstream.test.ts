import { afterEach, describe, expect, it } from 'vitest';
import { BackendMeter, StatusCounts } from '../../src/observation/backend-meter.ts';
import { tlsOptions } from '../../src/upstream/connection-settings.ts';
import { Upstream } from '../../src/upstream/upstream.ts';
import { resolvedPool } from '../resolved.ts';
import { clientPoolOf } from './client-pool-of.ts';

const all: Upstream[] = [];

afterEach(() => {
  for (const upstream of all.splice(0)) upstream.destroy();
});

function anUpstream(url: string, meter = new BackendMeter()) {
  const upstream = new Upstream({ url }, resolvedPool({ backends: [url] }), meter);
  all.push(upstream);
  return { upstream, meter };
}

describe('what is counted of a backend', () => {
  it('is who it works for, and how that ended', () => {
    const { upstream, meter } = anUpstream('http://10.0.0.1');
    for (let i = 0; i < 4; i++) upstream.begin();
    upstream.end('success');
    upstream.end('failure');
    upstream.end('cancelled');
    expect(meter).toMatchObject({ requests: 4, active: 1, errors: 1, cancelled: 1 });
  });

  it('are its answers by the first digit of their status', () => {
    const statuses = new StatusCounts();
    for (const status of [200, 299, 304, 404, 499, 500, 599, 600, 999, 100]) statuses.count(status);
    expect(statuses.counts).toEqual({ '2xx': 2, '3xx': 1, '4xx': 2, '5xx': 4 });
  });
});

describe('connections to a backend that is to be left', () => {
  it('are closed at once where nobody has it', () => {
    const { upstream } = anUpstream('http://10.0.0.1');
    upstream.close();
    expect(clientPoolOf(upstream).isClosing).toBe(true);
  });

  it('wait for those who have it, and may yet send it something', () => {
    const { upstream } = anUpstream('http://10.0.0.1');
    upstream.begin();
    upstream.begin();
    upstream.close();
    upstream.end('success');
    expect(clientPoolOf(upstream).isClosing).toBe(false);
    upstream.end('success');
    expect(clientPoolOf(upstream).isClosing).toBe(true);
  });

  it('are ended at once where that is wanted', () => {
    const { upstream } = anUpstream('http://10.0.0.1');
    upstream.begin();
    upstream.close();
    upstream.destroy();
    expect(clientPoolOf(upstream).isDestroyed).toBe(true);
    upstream.end('cancelled');
  });
});

describe('TLS with a backend', () => {
  it('is as node:tls has it, and says nothing of what was left out', () => {
    expect(tlsOptions(undefined)).toEqual({});
    expect(tlsOptions({ verify: true })).toEqual({ rejectUnauthorized: true });
    expect(tlsOptions({ verify: false, ca: ['a'], serverName: 'b', cert: 'c', key: 'd' })).toEqual({
      rejectUnauthorized: false,
      ca: ['a'],
      servername: 'b',
      cert: 'c',
      key: 'd',
    });
  });
});
