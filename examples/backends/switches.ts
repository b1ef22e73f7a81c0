// Commands that put a running backend into a fault.

import type { ExampleBackend } from './backend.ts';

/** A command for a running backend. */
export interface Switch {
  /** A description for the help text. */
  readonly summary: string;
  readonly apply: (backend: ExampleBackend) => void | Promise<void>;
}

/** The commands for backends, by name. */
export const switches: Readonly<Record<string, Switch>> = {
  refuse: {
    summary: 'it closes all connections and refuses new ones',
    apply: (backend) => backend.close(),
  },
  hang: { summary: 'it accepts requests and never responds', apply: (backend) => backend.suffer('hangs') },
  fail: {
    summary: 'it responds with 500 to all requests but health checks',
    apply: (backend) => backend.suffer('fails'),
  },
  recover: {
    summary: 'it is healthy again',
    async apply(backend) {
      backend.suffer(undefined);
      await backend.open();
    },
  },
};

/**
 * Runs a command line such as `alpha hang`.
 * @returns a message about the result
 */
export async function applyLine(line: string, backends: readonly ExampleBackend[]): Promise<string> {
  const [name, word = ''] = line.trim().split(/\s+/);
  const backend = backends.find(({ id }) => id === name);
  if (backend === undefined) return `the backends are ${backends.map(({ id }) => id).join(', ')}`;
  if (!Object.hasOwn(switches, word)) return `the words are ${Object.keys(switches).join(', ')}`;
  const { apply, summary } = switches[word] as Switch;
  try {
    await apply(backend);
    return `${backend.id}: ${summary}`;
  } catch (error) {
    return `${backend.id}: ${(error as Error).message}`;
  }
}
