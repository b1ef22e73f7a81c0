import type { ExampleBackend } from './backend.ts';

/** Something that can be done to a backend while it runs. */
export interface Switch {
  /** For people. */
  readonly summary: string;
  readonly apply: (backend: ExampleBackend) => void | Promise<void>;
}

/** What can be done to a backend, by the word for it. */
export const switches: Readonly<Record<string, Switch>> = {
  refuse: {
    summary: 'it refuses connections, and ends those that are open',
    apply: (backend) => backend.close(),
  },
  hang: { summary: 'it takes requests and never answers', apply: (backend) => backend.suffer('hangs') },
  fail: {
    summary: 'it answers 500 to all but its health check',
    apply: (backend) => backend.suffer('fails'),
  },
  recover: {
    summary: 'it is well again',
    async apply(backend) {
      backend.suffer(undefined);
      await backend.open();
    },
  },
};

/**
 * Does what a line such as `alpha hang` says.
 * @returns what came of it, for people
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
