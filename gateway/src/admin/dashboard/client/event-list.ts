import type { GatewayEvent } from '../../../contracts.ts';
import type { Dom, View } from './dom.ts';
import type { Formats } from './formats.ts';

type Item = GatewayEvent & { readonly key: string };

/** The last things that happened, newest first. */
export function eventList(dom: Dom, { moment }: Formats): (events: readonly GatewayEvent[]) => void {
  const show = dom.list<Item>(dom.find('#event-list'), ({ key }) => key, entry);
  const empty = dom.find('#no-events');

  function entry({ at, type, pool, message }: Item): View<Item> {
    const element = dom.copyOf('event');
    dom.texts(element)({ time: moment(at), type, pool: pool === undefined ? '' : `pool ${pool}`, message });
    const time = new Date(at);
    if (!Number.isNaN(time.getTime())) dom.find('time', element).setAttribute('datetime', time.toISOString());
    return { element, update: () => {} };
  }

  /** Two events may be alike in everything: they are told apart by their number. */
  function keyed(events: readonly GatewayEvent[]): Item[] {
    const seen = new Map<string, number>();
    return events.map((event) => {
      const what = JSON.stringify([event.at, event.pool, event.type, event.backend, event.message]);
      const number = (seen.get(what) ?? 0) + 1;
      seen.set(what, number);
      return { ...event, key: `${what}${number}` };
    });
  }

  return (events) => {
    empty.hidden = events.length > 0;
    show(keyed(events).reverse());
  };
}
