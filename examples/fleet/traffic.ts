// What clients of the gateways see, while backends come and go.
import type { Gateway } from './gateway.ts';

const PATHS = Array.from({ length: 30 }, (_, i) => `/page/${i + 1}`);
const SHOWN = 3;

/** Asks all gateways for the same paths, in one order, and shows where the first ones are. */
export async function showPlaces(gateways: readonly Gateway[]): Promise<void> {
  const places = await Promise.all(gateways.map((gateway) => inTurn(gateway, PATHS)));
  console.log(`  ${apart(places)} of ${PATHS.length} paths on more than one backend; for example`);
  for (const path of PATHS.slice(0, SHOWN))
    console.log(`  ${path}  ${gateways.map(({ port }, i) => `:${port} ${places[i]?.get(path)}`).join('  ')}`);
}

/** The same, all at once and in different orders, so that no gateway has heard of the others. */
export async function countApart(gateways: readonly Gateway[]): Promise<number> {
  const places = await Promise.all(
    gateways.map(async (gateway, i) => {
      const paths = [...PATHS.slice(7 * i), ...PATHS.slice(0, 7 * i)];
      const names = await Promise.all(paths.map((path) => gateway.ask(path)));
      return new Map(paths.map((path, at) => [path, names[at] as string]));
    }),
  );
  return apart(places);
}

/** One path after the other, so that no backend is at its limit. */
async function inTurn(gateway: Gateway, paths: readonly string[]): Promise<Map<string, string>> {
  const places = new Map<string, string>();
  for (const path of paths) places.set(path, await gateway.ask(path));
  return places;
}

function apart(all: readonly Map<string, string>[]): number {
  return PATHS.filter((path) => new Set(all.map((places) => places.get(path))).size > 1).length;
}

/** Requests to all gateways, one after the other at each, that go on until they are counted. */
export class Traffic {
  #isOn = true;
  #asked = 0;
  #failed = 0;
  readonly #clients: Promise<void>[];

  constructor(gateways: readonly Gateway[]) {
    this.#clients = gateways.map((gateway) => this.#run(gateway));
  }

  /** Ends it. @returns how many requests there were, and how many of them failed */
  async end(): Promise<string> {
    this.#isOn = false;
    await Promise.all(this.#clients);
    return `${this.#failed} of ${this.#asked} requests failed`;
  }

  async #run(gateway: Gateway): Promise<void> {
    for (let i = 0; this.#isOn; i++) {
      this.#asked++;
      await gateway.ask(PATHS[i % PATHS.length] as string).catch(() => this.#failed++);
    }
  }
}
