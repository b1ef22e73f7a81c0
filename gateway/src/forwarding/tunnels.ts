/** Upgrades and tunnels under way, and how many there were. */
export class Tunnels extends Set<{ destroy(): void }> {
  /** Tunnels that were opened since the beginning. */
  opened = 0;
}
