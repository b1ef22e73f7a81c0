// The scenario of clients that send slowly.

import type { Socket } from 'node:net';
import { PREFACE } from '../../../gateway/test/conformance/wire/frames.ts';
import { until } from '../../../gateway/test/conformance/wire/poll.ts';
import { verdict } from '../../chaos/verdicts.ts';
import { formatCount } from '../../text.ts';
import type { Lab } from '../lab.ts';
import { openFiles } from '../open-files.ts';
import { serveBodies } from '../origin.ts';
import { loopbackAddress, rawConnections } from '../raw-connection.ts';
import { figuresWhen, idleVerdict, isIdle, memoryVerdict } from '../rest.ts';
import type { Finding, Scale, Scenario } from '../scenario.ts';
import { loadFor, loadText, SteadyLoad } from '../steady-load.ts';

/** Files that both processes need in addition to connections. */
const OWN_FILES = 500;
/** Tolerance for closing a connection after its timeout. */
const SLACK_MS = 2_000;
const MOST_BYTES = 16_777_216;

const HEAD = 'GET / HTTP/1.1\r\nHost: slow.example\r\nX-Slow: ';
/** The bytes that are sent at first, and those that follow slowly. */
const KINDS = [
  { first: HEAD, drip: () => 'a' },
  { first: HEAD.slice(0, 1), drip: (nth: number) => HEAD[nth + 1] ?? 'a' },
  { first: '', drip: () => '' },
  { first: PREFACE.slice(0, 1), drip: (nth: number) => PREFACE[nth + 1] ?? '' },
  { first: PREFACE, drip: () => '' },
] as const;

/** A client that sends its request slowly. */
class SlowClient {
  readonly #socket: Socket;
  readonly #kind: (typeof KINDS)[number];
  #openedAt: number | undefined;
  #closedAt: number | undefined;
  #drips = 0;

  constructor(socket: Socket, nth: number) {
    this.#socket = socket;
    this.#kind = KINDS[nth % KINDS.length] as (typeof KINDS)[number];
    socket.resume();
    socket.once('connect', () => {
      this.#openedAt = performance.now();
      if (this.#kind.first !== '') socket.write(this.#kind.first);
    });
    socket.once('close', () => (this.#closedAt = performance.now()));
  }

  get isOpen(): boolean {
    return this.#closedAt === undefined;
  }

  /** How long it was connected; `undefined` if it never was. */
  get lifeMs(): number | undefined {
    return this.#openedAt && (this.#closedAt ?? performance.now()) - this.#openedAt;
  }

  drip(): void {
    const bytes = this.#kind.drip(this.#drips++);
    if (bytes !== '' && this.#socket.writable) this.#socket.write(bytes);
  }
}

async function run(lab: Lab, { slowConnections, headersMs }: Scale): Promise<Finding> {
  const count = Math.min(slowConnections, openFiles() - OWN_FILES);
  const gateway = await lab.gateway({
    backends: [await lab.origin(serveBodies)],
    timeouts: { headersMs },
    limits: { connections: 2 * count },
  });
  await loadFor(1_000, gateway.port);
  const { figures: before } = await figuresWhen(gateway, isIdle, 5_000);
  const good = new SteadyLoad(gateway.port);
  const clients: SlowClient[] = [];
  const startedAt = performance.now();
  const dripping = setInterval(() => {
    for (const client of clients) client.drip();
  }, headersMs / 4);
  lab.own(() => clearInterval(dripping));
  const sockets = await rawConnections(
    gateway.port,
    count,
    (socket, nth) => clients.push(new SlowClient(socket, nth)),
    loopbackAddress,
  );
  lab.own(() => {
    for (const socket of sockets) socket.destroy();
  });
  const openMs = performance.now() - startedAt;
  const peak = await gateway.figures();
  await until(() => clients.every(({ isOpen }) => !isOpen), headersMs + 4 * SLACK_MS, 50);
  const load = await good.stop();
  const lives = clients.map(({ lifeMs }) => lifeMs ?? 0);
  const left = clients.filter(({ isOpen }) => isOpen).length;
  const opened = clients.filter(({ lifeMs }) => lifeMs !== undefined).length;
  const longestMs = Math.max(...lives);
  const { figures: after } = await figuresWhen(gateway, isIdle, 5_000);
  return {
    figures: {
      connections: opened,
      openMs,
      openAtATime: peak.connections,
      longestMs,
      goodP99Ms: load.p99Ms,
      eachBytes: (peak.usedBytes - before.usedBytes) / Math.max(1, peak.connections),
      rssBytes: after.rssBytes,
    },
    verdicts: [
      verdict(
        `${formatCount(slowConnections)} slow connections are taken, or as many as there may be files`,
        `${formatCount(opened)} of ${formatCount(count)}`,
        opened === count,
      ),
      verdict('others are served all along', loadText(load), load.failed === 0 && load.answered > 0),
      verdict(
        `each slow one is closed after ${headersMs / 1_000} s, ${SLACK_MS / 1_000} s more at the most`,
        `the last after ${Math.round(longestMs)} ms, ${left} are left`,
        left === 0 && longestMs <= headersMs + SLACK_MS,
      ),
      idleVerdict('nothing of them stays', after),
      memoryVerdict(before, after, MOST_BYTES),
    ],
  };
}

/** Connections of clients that send almost nothing. */
export const slowloris: Scenario = {
  name: 'slowloris',
  title: 'connections over which a head comes slowly, or never',
  run,
};
