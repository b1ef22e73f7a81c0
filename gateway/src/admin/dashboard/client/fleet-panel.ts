// The gateways that share a pool, side by side: their fingerprints, and in what they differ.
import type { GatewayPoolStats } from '../../../contracts.ts';
import { badgeIn } from './badge.ts';
import { copyOf, find, sentence, textsIn, type View } from './dom.ts';
import { count, counted } from './formats.ts';
import { KeyedList } from './keyed-list.ts';

type Fleet = NonNullable<GatewayPoolStats['fleet']>;
type Gateway = Fleet['gateways'][number];

/** Shows the fleet of one pool; hidden where there is none. */
export class FleetPanel {
  readonly #part: HTMLElement;
  readonly #fill;
  readonly #badge;
  readonly #list: KeyedList<Gateway>;

  constructor(part: HTMLElement) {
    this.#part = part;
    this.#fill = textsIn(find('.beside-head', part));
    this.#badge = badgeIn(find('.beside-head', part));
    this.#list = new KeyedList(find('.rows', part), ({ gateway }) => gateway, row);
  }

  show(fleet: Fleet | undefined): void {
    this.#part.hidden = fleet === undefined;
    if (fleet === undefined) return;
    const { connected, differing = 0, gateways, keys = 0, waiting = 0, adopted, calls, failures } = fleet;
    if (!connected) this.#badge('down', 'Store away');
    else if (differing > 0) this.#badge('differs', `${count(differing)} of ${count(gateways.length)} differ`);
    else this.#badge('up', gateways.length > 1 ? 'All agree' : 'Alone');
    this.#fill({
      fleetFacts: [
        `${counted(keys, 'key')} shared`,
        ...(waiting > 0 ? [`${count(waiting)} still to be told`] : []),
        `${count(adopted)} taken over from others`,
        ...checksOf(fleet),
        `${counted(calls, 'call')} of the store${failures > 0 ? `, ${count(failures)} failed` : ''}`,
      ].join(' · '),
    });
    this.#list.show(gateways);
  }
}

/** What of the health checks is done here. */
function checksOf({ checks }: Fleet): string[] {
  if (checks === undefined) return [];
  const { connected, own = 0, disputed = 0, strangers = 0 } = checks;
  return [
    `${counted(own, 'backend')} checked here${connected ? '' : ', alone'}`,
    ...(disputed > 0 ? [`${count(disputed)} disputed`] : []),
    ...(strangers > 0 ? [`${counted(strangers, 'gateway')} with other checks`] : []),
  ];
}

function row({ gateway }: Gateway): View<Gateway> {
  const element = copyOf('gateway');
  const fill = textsIn(element);
  const badge = badgeIn(element);
  return {
    element,
    update({ own, fingerprint, backends = 0, processes = 1, difference }) {
      if (difference !== undefined) badge('differs', 'Differs');
      else badge('up', own ? 'This one' : 'Agrees');
      fill({
        gateway,
        fingerprint,
        size: `${counted(backends, 'backend')}${processes > 1 ? `, ${counted(processes, 'process', 'processes')}` : ''}`,
        difference: difference === undefined ? '' : `${sentence(difference)}.`,
      });
    },
  };
}
