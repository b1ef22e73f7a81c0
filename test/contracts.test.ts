// Contracts as hosts bring them: what they compile against, and what they find beside the types.
import { describe, expect, it } from 'vitest';
import { BackendPool, type BackendServiceInfo } from '../src/contracts.ts';
import { Loadbalancer } from '../src/loadbalancer.ts';
import { LoggerService } from '../src/logger.ts';
import { aRequest, RecordingService, RecordingWriter } from './support.ts';

describe('BackendPool', () => {
  it('is a type', () => {
    const pool: BackendPool = [
      { IPAddr: '10.0.0.1', Port: 80 },
      'localhost:8001',
      new URL('http://a.example'),
    ];
    expect(pool).toHaveLength(3);
  });

  it('is also a value: an array of four backends, which may be changed', async () => {
    const entries: BackendServiceInfo[] = BackendPool;
    expect(entries).toEqual(
      ['192.168.1.2', '192.168.1.3', '192.168.1.4', '192.168.1.5'].map((IPAddr) => ({ IPAddr, Port: 8080 })),
    );
    const service = new RecordingService();
    const loadbalancer = new Loadbalancer(service, BackendPool, new LoggerService());
    const taken = BackendPool.splice(1);
    try {
      await loadbalancer.onRequest(aRequest('/x'), new RecordingWriter());
      expect(service.calls.map(({ url }) => url)).toEqual(['http://192.168.1.2:8080/x']);
    } finally {
      BackendPool.push(...taken);
    }
  });
});
