/** The parts of the peers that are measured; neither package has types. */
declare module 'hashring' {
  export default class HashRing {
    constructor(servers: readonly string[], algorithm: string, options: Record<string, number>);
    get(key: string): string;
    add(server: string): void;
    remove(server: string): void;
    readonly size: number;
  }
}

declare module 'consistent-hash' {
  export default class ConsistentHash {
    constructor(options: { controlPoints: number; range: number });
    add(node: string): void;
    get(key: string): string;
  }
}
