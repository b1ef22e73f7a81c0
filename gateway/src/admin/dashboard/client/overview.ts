import type { GatewayStats } from '../../../contracts.ts';
import type { Report } from './admin-api.ts';
import type { Dom } from './dom.ts';
import type { Formats } from './formats.ts';
import type { Pictures } from './pictures.ts';
import type { Track } from './tracks.ts';

export type Connection = 'live' | 'paused' | 'gone' | 'locked';

/** The head of the page: the whole gateway. */
export function overview(dom: Dom, formats: Formats, pictures: Pictures, makeTrack: () => Track) {
  const { find, setText, setAttribute } = dom;
  const { count, counted, rate, percent, milliseconds, duration, bytes } = formats;
  const fillHead = dom.texts(find('#head'));
  const fill = dom.texts(find('#overview'));
  const ready = find('#ready');
  const spark = find('#overview .spark');
  let track = makeTrack();
  let startedAt: number | undefined;

  const outOf = ({ pools }: GatewayStats) =>
    pools.flatMap(({ backends }) => backends).filter(({ alive }) => !alive).length;

  function totalsOf({ requests, bytes: moved }: GatewayStats): string {
    const { statuses, cancelled, rateLimited, errors } = requests;
    const parts = Object.entries(statuses).map(([digit, answers]) => `${digit} ${count(answers)}`);
    parts.push(`clients left ${count(cancelled)}`, `rate limited ${count(rateLimited)}`);
    parts.push(`received ${bytes(moved.received)}`, `sent ${bytes(moved.sent)}`);
    const own = Object.entries(errors).filter(([, answers]) => answers > 0);
    return [...parts, ...own.map(([code, answers]) => `${code} ${count(answers)}`)].join(' · ');
  }

  function showTiles({ requests, connections, tunnels, latency }: GatewayStats): void {
    const rates = track.rates();
    pictures.sparkline(spark, rates, Math.max(0, ...rates));
    fill({
      rate: rate(track.rate()),
      requests: `${count(requests.total)} since start`,
      inFlight: count(requests.inFlight),
      tunnels: `${counted(tunnels.open, 'tunnel')} open`,
      connections: count(connections.open),
      refused: `${count(connections.accepted)} accepted, ${count(connections.refused)} refused`,
      p50: milliseconds(track.quantile(0.5)),
      p99: milliseconds(track.quantile(0.99)),
      latency: `${milliseconds(latency.p50Ms)} / ${milliseconds(latency.p99Ms)} since start`,
      errorRate: percent(track.errorRate()),
      errors: `${count(requests.statuses['5xx'])} since start`,
    });
  }

  /** How the page stands to the gateway, in a word at its head. */
  function showConnection(connection: Connection, isReady: boolean): void {
    const words = {
      live: isReady ? 'Ready' : 'Not ready',
      paused: 'Paused',
      gone: 'No answer',
      locked: 'Signed out',
    };
    const states = { live: isReady ? 'up' : 'draining', paused: 'barred', gone: 'down', locked: 'barred' };
    const state = states[connection];
    fillHead({ ready: words[connection] });
    setAttribute(ready, 'data-state', state);
    setAttribute(find('use', ready), 'href', `#icon-${state}`);
    document.body.dataset.connection = connection;
  }

  return {
    showConnection,
    /** @param at - milliseconds on a clock that never jumps */
    update({ stats, now }: Report, at: number): void {
      if (startedAt !== stats.startedAt) track = makeTrack();
      startedAt = stats.startedAt;
      const { total, statuses } = stats.requests;
      track.add(at, { requests: total, errors: statuses['5xx'], latency: stats.latency });
      fillHead({
        version: `version ${stats.version}`,
        uptime: `up ${duration(now - stats.startedAt)}`,
        workers: counted(stats.workers, 'worker'),
        node: `Node ${stats.node.replace(/^v/, '')}`,
      });
      showTiles(stats);
      setText(find('#totals'), totalsOf(stats));
      const out = outOf(stats);
      document.title = out === 0 ? 'evenkeel' : `${out} out · evenkeel`;
    },
  };
}
