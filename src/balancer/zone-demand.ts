// How the clients of a balancer are spread over zones.

/** So many requests are counted before the shares are set anew. */
const WINDOW = 1_024;
/** At most so many zones are told apart; a client may invent names. */
const MOST_ZONES = 256;

/**
 * Measures which share of the requests each zone asks for, over windows of 1,024 requests. The shares stay
 * the same for a whole window, so that keys do not move to and fro between zones. A balancer that has seen
 * requests of one zone alone, such as a gateway that stands in it, cannot know the others: it takes the
 * clients to be spread evenly. O(1) for each request, O(zones) for each window.
 */
export class ZoneDemand {
  #counts = new Map<string, number>();
  #counted = 0;
  #shares: ReadonlyMap<string, number> | undefined;

  /** Counts a request that is asked for in a zone. */
  count(zone: string): void {
    if (this.#counts.size < MOST_ZONES || this.#counts.has(zone))
      this.#counts.set(zone, (this.#counts.get(zone) ?? 0) + 1);
    if (++this.#counted < WINDOW) return;
    const shares = new Map<string, number>();
    const before = this.#shares;
    for (const name of new Set([...this.#counts.keys(), ...(before?.keys() ?? [])])) {
      const now = (this.#counts.get(name) ?? 0) / WINDOW;
      const share = before === undefined ? now : (now + (before.get(name) ?? 0)) / 2;
      if (share > 1 / WINDOW) shares.set(name, share);
    }
    this.#shares = shares;
    this.#counts = new Map();
    this.#counted = 0;
  }

  /**
   * The share of the requests that a zone asks for, above 0 and up to 1.
   * @param zones - how many zones have backends
   */
  shareOf(zone: string, zones: number): number {
    if (this.#shares === undefined || this.#shares.size < 2) return 1 / zones;
    return this.#shares.get(zone) ?? 1 / WINDOW;
  }
}
