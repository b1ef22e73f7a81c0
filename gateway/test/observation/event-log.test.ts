import { describe, expect, it } from 'vitest';
import type { BalancerEvent } from '../../../src/index.ts';
import { EventLog } from '../../src/observation/event-log.ts';
import { KeptLog } from '../workers/fakes.ts';

describe('the last events', () => {
  it('are kept, oldest first, and told to the log', () => {
    const log = new KeptLog();
    const events = new EventLog(log);
    const before = Date.now();
    events.add('started', 'the gateway serves');
    events.add('drained', 'b is drained', 'shop', 'b');
    expect(events.events).toMatchObject([
      { type: 'started', message: 'the gateway serves', pool: undefined, backend: undefined },
      { type: 'drained', pool: 'shop', backend: 'b' },
    ]);
    expect(events.events[0]?.at).toBeGreaterThanOrEqual(before);
    expect(log.texts).toEqual(['info the gateway serves', 'info b is drained']);
    expect(log.lines[1]?.fields).toEqual({ event: 'drained', pool: 'shop', backend: 'b' });
  });

  it('are a hundred at the most, and a list that nobody else writes to', () => {
    const events = new EventLog(new KeptLog());
    for (let i = 0; i < 150; i++) events.add('type', `${i}`);
    const { events: list } = events;
    expect([list.length, list[0]?.message, list.at(-1)?.message]).toEqual([100, '50', '149']);
    events.add('type', 'more');
    expect(list.at(-1)?.message).toBe('149');
  });
});

describe('what a pool tells', () => {
  it.each<[BalancerEvent, string]>([
    [{ type: 'added', backend: 'b' }, 'b was added'],
    [{ type: 'removed', backend: 'b' }, 'b was removed'],
    [{ type: 'up', backend: 'b' }, 'b is up'],
    [{ type: 'down', backend: 'b' }, 'b is down'],
    [{ type: 'down', backend: 'b', reason: 'status 404' }, 'b is down: status 404'],
    [{ type: 'draining', backend: 'b' }, 'b is draining'],
    [{ type: 'drained', backend: 'b' }, 'b is drained'],
    [{ type: 'resumed', backend: 'b' }, 'b takes requests again'],
    [
      { type: 'ejected', backend: 'b', reason: 'consecutive failures', forMs: 30_400 },
      'b is ejected for 30 s: consecutive failures',
    ],
    [{ type: 'returned', backend: 'b' }, 'b was let back in'],
    [{ type: 'opened', backend: 'b' }, 'the circuit of b is open'],
    [{ type: 'half-open', backend: 'b' }, 'the circuit of b is half-open'],
    [{ type: 'closed', backend: 'b' }, 'the circuit of b is closed'],
    [
      { type: 'crisis', crisis: true },
      'less than half of the pool is well: the rest is tried with single requests',
    ],
    [{ type: 'crisis', crisis: false }, 'at least half of the pool is well again'],
    [{ type: 'trial', backend: 'b' }, 'one request tries b'],
    [{ type: 'panic', panic: true }, 'more than half of the pool is out: health is ignored'],
    [{ type: 'panic', panic: false }, 'health counts again'],
    [{ type: 'rejected', index: 3, message: 'backendPool[3] is wrong' }, 'backendPool[3] is wrong'],
  ])('%j reads well', (event, message) => {
    const events = new EventLog(new KeptLog());
    events.addFrom('shop', event);
    const backend = 'backend' in event ? event.backend : undefined;
    expect(events.events).toMatchObject([{ type: event.type, pool: 'shop', backend, message }]);
  });
});
