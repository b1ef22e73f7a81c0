// Backends from a file that others write.

import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { type Env, systemEnv } from '../../env.ts';
import { bag, checkBag, checkNeeded } from '../../options/bag.ts';
import { anEnv } from '../../options/env-bag.ts';
import { aFunction, aText, aTimeout } from '../../options/rule.ts';
import type { Discovery, Snapshot } from '../discovery.ts';
import { backendList } from './backend-list.ts';
import { pause } from './pause.ts';

/** Settings of {@link file}. */
export interface FileOptions {
  readonly path: string;
  /** Reads the text, for a format other than JSON. @defaultValue `JSON.parse` */
  readonly parse?: (text: string) => unknown;
  /** Milliseconds between two looks at the file. @defaultValue 1,000 */
  readonly intervalMs?: number;
  readonly env?: Partial<Env>;
}

const OPTIONS = bag<FileOptions>({ path: aText, parse: aFunction, intervalMs: aTimeout, env: anEnv });

/**
 * Discovers backends in a JSON file: a list, or an object with a list `backends`; each entry is a URL or an
 * object such as `{ "url": "http://10.0.0.1:8080", "weight": 2 }`. A change counts when the file has stayed
 * the same for one interval. Polled, as file system events are lost in containers and over networks.
 * @throws TypeError or RangeError that names the option and its value
 */
export function file(options: FileOptions): Discovery {
  checkBag(options, OPTIONS, 'file');
  checkNeeded(options, OPTIONS, 'file', ['path']);
  const { path, parse = JSON.parse, intervalMs = 1_000, env } = options;
  const { random } = { ...systemEnv, ...env };
  let version = 0;
  return {
    name: `file ${basename(path)}`,
    retireAfter: 1,
    async *watch(signal): AsyncGenerator<Snapshot> {
      let read: string | undefined;
      let seen = await stampOf(path);
      while (!signal.aborted) {
        const stamp = await stampOf(path);
        if (stamp !== read && stamp === seen) {
          const backends = backendList(parse(await readFile(path, 'utf8')));
          // A change while it was read is one for the next look.
          if ((await stampOf(path)) === stamp) {
            read = stamp;
            yield { epoch: path, version: String(++version), backends };
          }
        }
        seen = stamp;
        await pause(intervalMs * (1 - 0.15 * random()), signal, env);
      }
    },
  };
}

/** Follows links, so that a change of their target counts. */
async function stampOf(path: string): Promise<string> {
  const { dev, ino, size, mtimeNs } = await stat(path, { bigint: true });
  return [dev, ino, size, mtimeNs].join();
}
