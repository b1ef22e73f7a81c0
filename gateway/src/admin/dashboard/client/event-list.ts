// The list of the last events, newest first.
import type { GatewayEvent } from '../../../contracts.ts';
import { copyOf, find, textsIn, type View } from './dom.ts';
import { moment } from './formats.ts';
import { KeyedList } from './keyed-list.ts';

type Item = GatewayEvent & { readonly key: string };

/** Shows the last events. */
export class EventList {
  readonly #list = new KeyedList<Item>(find('#event-list'), ({ key }) => key, entry);
  readonly #empty = find('#no-events');

  show(events: readonly GatewayEvent[]): void {
    this.#empty.hidden = events.length > 0;
    this.#list.show(keyed(events).reverse());
  }
}

function entry({ at, type, pool, message }: Item): View<Item> {
  const element = copyOf('event');
  textsIn(element)({ time: moment(at), type, pool: pool === undefined ? '' : `pool ${pool}`, message });
  const time = new Date(at);
  if (!Number.isNaN(time.getTime())) find('time', element).setAttribute('datetime', time.toISOString());
  return { element, update: () => {} };
}

/** Two events may be equal in everything: a number tells them apart. */
function keyed(events: readonly GatewayEvent[]): Item[] {
  const seen = new Map<string, number>();
  return events.map((event) => {
    const text = JSON.stringify([event.at, event.pool, event.type, event.backend, event.message]);
    const number = (seen.get(text) ?? 0) + 1;
    seen.set(text, number);
    return { ...event, key: `${text}${number}` };
  });
}
