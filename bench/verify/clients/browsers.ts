// Browsers without a window. They open a page that sends requests by itself, and tells what came of them.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { promisify } from 'node:util';
import type { RealClient, Seen } from './client.ts';

const run = promisify(execFile);
const PATIENCE_MS = 60_000;

/** What the page tells: of requests, and of the protocol that they used. */
const REQUESTS = 9;

/** Resolves to what the next page tells. */
type Told = () => Promise<readonly Seen[]>;

/** How a browser is run. */
interface Program {
  readonly command: string;
  readonly args: (profile: string) => readonly string[];
  /** Writes into a profile that the certificate of a place is to be taken. Left out: `args` say so. */
  readonly trust?: (profile: string, place: URL) => Promise<void>;
}

async function open({ command, args, trust }: Program, url: string, told: Told) {
  const profile = await mkdtemp(join(tmpdir(), 'evenkeel-browser-'));
  const place = new URL(url);
  if (place.protocol === 'https:') await trust?.(profile, place);
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
  program: Program,
  told: Told,
  query: string,
): RealClient {
  return {
    ...about,
    requests: [REQUESTS, REQUESTS * 2],
    version: async () =>
      /\d+(\.\d+)+/.exec((await run(program.command, ['--version'])).stdout)?.[0] ?? 'unknown',
    async run({ plain, secure, secureHttp1 }) {
      const visits = [
        [plain, 'http/1.1', ''],
        [secure, 'h2', ', over TLS'],
        [secureHttp1, 'http/1.1', ', over TLS without HTTP/2'],
      ] as const;
      const seen: Seen[] = [];
      for (const [place, protocol, how] of visits) {
        if (place === undefined) continue;
        const url = `${place}/page?${query || protocol}`;
        for (const one of await open(program, url, told)) seen.push({ ...one, what: one.what + how });
      }
      return seen;
    },
  };
}

/** Takes the certificate of a place as an exception, as a user of Firefox does by hand. */
async function trustInFirefox(profile: string, { hostname, port }: URL): Promise<void> {
  const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  const exception = `${hostname}:${port}:\tOID.2.16.840.1.101.3.4.2.1\t${fingerprint256}\t\n`;
  await writeFile(join(profile, 'cert_override.txt'), exception);
}

/**
 * @param told - resolves to what the next page tells
 * @param query - `alone` for a page without an event stream and a WebSocket
 */
export function browsers(told: Told, query = ''): RealClient[] {
  return [
    browser(
      { name: 'Chromium', from: 'chromium' },
      {
        command: 'chromium',
        args: (profile) => [
          ...['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--ignore-certificate-errors'],
          ...[
            '--disable-background-networking',
            '--disable-component-update',
            '--disable-sync',
            '--disable-quic',
          ],
          `--user-data-dir=${profile}`,
        ],
      },
      told,
      query,
    ),
    browser(
      { name: 'Firefox', from: 'firefox-esr' },
      {
        command: 'firefox-esr',
        args: (profile) => ['--headless', '--no-remote', '--profile', profile],
        trust: trustInFirefox,
      },
      told,
      query,
    ),
  ];
}
