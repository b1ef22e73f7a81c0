/** Where the gateway does, on purpose, something else than a case of the catalogue asks for. */
export interface Difference {
  readonly id: string;
  readonly does: string;
  readonly why: string;
}

/** The case of each one fails, and has to: one that passes is no difference any more. */
export const differences: readonly Difference[] = [
  {
    id: 'W18',
    does: 'tunnels whatever protocol client and backend agree on, but other versions of HTTP',
    why: 'a gateway that knows WebSocket alone stands in the way of all others; an upgrade needs the 101 of the backend itself',
  },
];
