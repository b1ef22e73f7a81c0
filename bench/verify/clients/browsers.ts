// Browsers without a window. They open a page that sends requests by itself, and tells what came of them.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { RealClient, Seen } from './client.ts';

const run = promisify(execFile);
const PATIENCE_MS = 60_000;

/** The requests that the page sends. */
const REQUESTS = 7;

/** Resolves to what the next page tells. */
type Told = () => Promise<readonly Seen[]>;

async function open(command: string, args: (profile: string) => string[], url: string, told: Told) {
  const profile = await mkdtemp(join(tmpdir(), 'evenkeel-browser-'));
  const child = spawn(command, [...args(profile), url], { stdio: 'ignore', detached: true });
  const ended = once(child, 'exit');
  // A browser is many processes: its group ends with it.
  const end = () => {
    try {
      process.kill(-(child.pid as number), 'SIGKILL');
    } catch {}
  };
  process.once('exit', end);
  const late = new Promise<never>((_, reject) =>
    setTimeout(reject, PATIENCE_MS, new Error(`the page told nothing in ${PATIENCE_MS / 1_000} s`)).unref(),
  );
  try {
    return await Promise.race([told(), late]);
  } finally {
    process.off('exit', end);
    end();
    await ended;
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

function browser(
  about: Pick<RealClient, 'name' | 'from'>,
  command: string,
  args: (profile: string) => string[],
  told: Told,
  takesAnyCertificate: boolean,
  query: string,
): RealClient {
  return {
    ...about,
    requests: [REQUESTS, takesAnyCertificate ? REQUESTS : 0],
    version: async () => /\d+(\.\d+)+/.exec((await run(command, ['--version'])).stdout)?.[0] ?? 'unknown',
    async run({ plain, secure }) {
      const seen = [...(await open(command, args, `${plain}/page${query}`, told))];
      if (secure !== undefined && takesAnyCertificate)
        for (const one of await open(command, args, `${secure}/page${query}`, told))
          seen.push({ ...one, what: `${one.what}, over TLS` });
      return seen;
    },
  };
}

/**
 * @param told - resolves to what the next page tells
 * @param query - `?alone` for a page without an event stream and a WebSocket
 */
export function browsers(told: Told, query = ''): RealClient[] {
  return [
    browser(
      { name: 'Chromium', from: 'chromium' },
      'chromium',
      (profile) => [
        ...['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--ignore-certificate-errors'],
        ...[
          '--disable-background-networking',
          '--disable-component-update',
          '--disable-sync',
          '--disable-quic',
        ],
        `--user-data-dir=${profile}`,
      ],
      told,
      true,
      query,
    ),
    browser(
      { name: 'Firefox', from: 'firefox-esr' },
      'firefox-esr',
      (profile) => ['--headless', '--no-remote', '--profile', profile],
      told,
      false,
      query,
    ),
  ];
}
