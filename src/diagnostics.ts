// Publishes the events of a balancer on `node:diagnostics_channel`.

import { channel } from 'node:diagnostics_channel';
import type { Balancer } from './index.ts';
import { anObjectWith, checkRule } from './options/rule.ts';

/** The name of the channel for one type of event, for example `evenkeel:ejected`. */
export function channelName(type: string): string {
  return `evenkeel:${type}`;
}

/**
 * Publishes the events of a balancer on `node:diagnostics_channel`, each on the channel of its type. So a
 * tracer can subscribe without access to the host's code. The messages are the events themselves; they
 * contain ids of backends, never a key, a token or a path.
 *
 * @returns a function that stops publishing
 */
export function publishEvents<R>(balancer: Balancer<R>): () => void {
  checkRule(anObjectWith('subscribe'), balancer, 'balancer');
  return balancer.subscribe((event) => {
    const events = channel(channelName(event.type));
    if (events.hasSubscribers) events.publish(event);
  });
}
