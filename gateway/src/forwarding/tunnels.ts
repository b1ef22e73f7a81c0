/** The upgrades and tunnels in progress, and their counters. */
export class Tunnels extends Set<{ destroy(): void }> {
  /** Tunnels that were opened since the start. */
  opened = 0;
}
