// The head of the page: how the page stands to the gateway, and which gateway it is.
import type { Report } from './admin-api.ts';
import { find, setAttribute, textsIn } from './dom.ts';
import { counted, duration } from './formats.ts';

/** How the page stands to the gateway: `gone` gets no response, `locked` has no token. */
export type Connection = 'live' | 'paused' | 'gone' | 'locked';

/** Shows what is true of the whole gateway in a line. */
export class PageHead {
  readonly #fill = textsIn(find('#head'));
  readonly #badge = find('#ready');

  /** @param isReady - whether the gateway said that it takes requests, when it was last heard of */
  showConnection(connection: Connection, isReady: boolean): void {
    const words = {
      live: isReady ? 'Ready' : 'Not ready',
      paused: 'Paused',
      gone: 'No answer',
      locked: 'Signed out',
    };
    const states = { live: isReady ? 'up' : 'draining', paused: 'barred', gone: 'down', locked: 'barred' };
    this.#fill({ ready: words[connection] });
    setAttribute(this.#badge, 'data-state', states[connection]);
    setAttribute(find('use', this.#badge), 'href', `#icon-${states[connection]}`);
    document.body.dataset.connection = connection;
  }

  update({ stats, now }: Report): void {
    this.#fill({
      version: `version ${stats.version}`,
      uptime: `up ${duration(now - stats.startedAt)}`,
      workers: counted(stats.workers, 'worker'),
      node: `Node ${stats.node.replace(/^v/, '')}`,
    });
    const out = stats.pools.flatMap(({ backends }) => backends).filter(({ alive }) => !alive).length;
    document.title = out === 0 ? 'evenkeel' : `${out} out · evenkeel`;
  }
}
