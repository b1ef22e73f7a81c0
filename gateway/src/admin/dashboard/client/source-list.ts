// Where the backends of a pool come from, and how its sources are.
import type { GatewayPoolStats } from '../../../contracts.ts';
import { type BadgeState, badgeIn } from './badge.ts';
import { copyOf, find, sentence, textsIn, type View } from './dom.ts';
import { count, counted, duration } from './formats.ts';
import { KeyedList } from './keyed-list.ts';

type Source = GatewayPoolStats['discovery'][number];

/** The worst one counts, where workers differ. */
const STATES: readonly (readonly [state: string, badge: BadgeState])[] = [
  ['failing', 'down'],
  ['holding', 'barred'],
  ['starting', 'barred'],
  ['current', 'up'],
];

/** Shows the sources of one pool; hidden where there are none. */
export class SourceList {
  readonly #part: HTMLElement;
  readonly #list: KeyedList<Source>;

  constructor(part: HTMLElement) {
    this.#part = part;
    this.#list = new KeyedList(find('.rows', part), ({ source }) => source, row);
  }

  show(sources: readonly Source[]): void {
    this.#part.hidden = sources.length === 0;
    this.#list.show(sources);
  }
}

function row({ source }: Source): View<Source> {
  const element = copyOf('source');
  const fill = textsIn(element);
  const badge = badgeIn(element);
  return {
    element,
    update(one) {
      const [word, colour] = STATES.find(([state]) => one.state.includes(state)) ?? [one.state, 'barred'];
      badge(colour, sentence(word));
      const { trouble, epoch, version } = one;
      fill({
        source,
        size: sizeOf(one),
        age: ageOf(one),
        facts: [
          ...(version === undefined ? [] : [`version ${version} of epoch ${epoch ?? 'unknown'}`]),
          counted(one.snapshots, 'answer'),
          `${count(one.refused)} refused`,
          counted(one.errors, 'error'),
        ].join(' · '),
        trouble: trouble === undefined ? '' : `${sentence(trouble)}.`,
      });
    },
  };
}

function sizeOf({ backends = 0, held = 0 }: Source): string {
  return `${counted(backends, 'backend')}${held > 0 ? `, ${count(held)} of them held` : ''}`;
}

function ageOf({ ageMs }: Source): string {
  return ageMs === undefined ? 'no good answer yet' : `last good answer ${duration(ageMs)} ago`;
}
