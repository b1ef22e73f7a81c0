import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, expect, it } from 'vitest';
import { channelName, publishEvents } from '../src/diagnostics.ts';
import { Balancer } from '../src/index.ts';

describe('publishEvents', () => {
  it('publishes each event on the channel of its type, until it is ended', () => {
    const balancer = new Balancer(['http://a', 'http://b']);
    const end = publishEvents(balancer);
    const messages: unknown[] = [];
    const listener = (message: unknown) => messages.push(message);
    subscribe(channelName('down'), listener);
    balancer.markDown('http://a');
    balancer.markUp('http://a');
    end();
    balancer.markDown('http://b');
    unsubscribe('evenkeel:down', listener);
    expect(messages).toEqual([{ type: 'down', backend: 'http://a' }]);
  });
});
