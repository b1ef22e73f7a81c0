import { fileURLToPath } from 'node:url';
import { versionOf } from '../commands.ts';
import { CONNECTIONS, type LoadGenerator, type LoadResult, PATIENCE_MS } from './load.ts';

const script = fileURLToPath(new URL('./wrk.lua', import.meta.url));

/**
 * Load by wrk, in one thread. Its percentiles are corrected for requests that it could not send while it
 * waited.
 */
export function wrk(file: string): LoadGenerator {
  return {
    name: `wrk ${versionOf(file)}`,
    run: async ({ url, seconds, close, bodyBytes }, processes, cores) => {
      const args = ['-t', '1', '-c', `${CONNECTIONS}`, '-d', `${seconds}s`, '--timeout', '10s', '-s', script];
      if (close) args.push('-H', 'Connection: close');
      const command = { name: 'wrk', file, args: [...args, url], cores };
      const output = await processes.run(command, seconds * 1_000 + PATIENCE_MS);
      const { bytes, ...result }: LoadResult & { bytes: number } = JSON.parse(lastLineOf(output));
      const missing = Math.max(0, result.requests - Math.floor(bytes / bodyBytes));
      return { ...result, failures: result.failures + missing };
    },
  };
}

const lastLineOf = (text: string) => text.slice(text.lastIndexOf('\n') + 1);
