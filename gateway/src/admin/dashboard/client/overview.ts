// The tiles and totals of the whole gateway.
import type { GatewayStats } from '../../../contracts.ts';
import { find, setText, textsIn } from './dom.ts';
import { bytes, count, counted, milliseconds, percent, rate } from './formats.ts';
import { sparkline } from './pictures.ts';
import { Track } from './track.ts';

/** Shows what all pools together do. */
export class Overview {
  readonly #fill = textsIn(find('#overview'));
  readonly #spark = find('#overview .spark');
  readonly #totals = find('#totals');
  #track = new Track();
  #startedAt: number | undefined;

  /** @param at - milliseconds on a clock that never jumps */
  update(stats: GatewayStats, at: number): void {
    if (this.#startedAt !== stats.startedAt) this.#track = new Track();
    this.#startedAt = stats.startedAt;
    const { total, statuses } = stats.requests;
    this.#track.add(at, { requests: total, errors: statuses['5xx'], latency: stats.latency });
    const rates = this.#track.rates();
    sparkline(this.#spark, rates, Math.max(0, ...rates));
    this.#fill(tilesOf(stats, this.#track));
    setText(this.#totals, totalsOf(stats));
  }
}

function tilesOf({ requests, connections, tunnels, latency }: GatewayStats, track: Track) {
  return {
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
  };
}

function totalsOf({ requests, bytes: moved }: GatewayStats): string {
  const { statuses, cancelled, rateLimited, errors } = requests;
  const parts = Object.entries(statuses).map(([digit, responses]) => `${digit} ${count(responses)}`);
  parts.push(`clients left ${count(cancelled)}`, `rate limited ${count(rateLimited)}`);
  parts.push(`received ${bytes(moved.received)}`, `sent ${bytes(moved.sent)}`);
  const own = Object.entries(errors).filter(([, responses]) => responses > 0);
  return [...parts, ...own.map(([code, responses]) => `${code} ${count(responses)}`)].join(' · ');
}
