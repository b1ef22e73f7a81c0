// Clients that are programs for the command line, each with a few lines in its own language.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Places, RealClient, Seen } from './client.ts';

const run = promisify(execFile);
const PATIENCE_MS = 120_000;

const inThisFolder = (file: string) => fileURLToPath(new URL(`./${file}`, import.meta.url));

/** A command whose arguments are URLs, and which prints what it saw: three columns with tabs between them. */
function program(
  about: Pick<RealClient, 'name' | 'from' | 'requests'>,
  command: string,
  ...args: string[]
): RealClient {
  const output = async (...urls: string[]) => {
    const { stdout } = await run(command, [...args, ...urls], { timeout: PATIENCE_MS });
    return stdout;
  };
  return {
    ...about,
    version: async () => (await output()).trim(),
    async run({ plain, secure }) {
      const text = await output(plain, ...(secure === undefined ? [] : [secure]));
      return text.split('\n').filter(Boolean).map(seenIn);
    },
  };
}

function seenIn(line: string): Seen {
  const [what = '', status = '', body = ''] = line.split('\t');
  return { what, status: Number(status), body };
}

type CurlRequest = readonly [what: string, ...args: string[]];

const CURL_PLAIN: readonly CurlRequest[] = [
  ['GET 0'],
  ['HEAD', '-I'],
  ['POST 5', '-d', 'hello'],
  ['POST 0', '-d', ''],
  ['POST 5, in pieces', '-d', 'hello', '-H', 'Transfer-Encoding: chunked'],
  ['POST 5, told to wait', '-d', 'hello', '-H', 'Expect: 100-continue'],
  ['PUT 5', '-X', 'PUT', '-d', 'hello'],
  ['GET 0, with an offer of HTTP/2', '--http2'],
  ['POST 5, with an offer of HTTP/2', '--http2', '-d', 'hello'],
  ['GET 0, in HTTP/1.0', '-0'],
];

const CURL_PRIOR: readonly CurlRequest[] = [
  ['GET 0, in HTTP/2', '--http2-prior-knowledge'],
  ['POST 5, in HTTP/2', '--http2-prior-knowledge', '-d', 'hello'],
  ['POST 0, in HTTP/2', '--http2-prior-knowledge', '-d', ''],
];

const CURL_SECURE: readonly CurlRequest[] = [
  ['GET 0', '-k', '--http2'],
  ['POST 0', '-k', '--http2', '-d', ''],
  ['POST 5', '-k', '--http1.1', '-d', 'hello'],
];

const curl: RealClient = {
  name: 'curl',
  from: 'curl',
  requests: [CURL_PLAIN.length, CURL_PRIOR.length + CURL_SECURE.length],
  version: async () => (await run('curl', ['-V'])).stdout.split(' ')[1] as string,
  async run({ plain, secure }: Places) {
    const seen: Seen[] = [];
    const ask = async (url: string, [what, ...args]: CurlRequest) => {
      const format = '\t%{http_version}\t%{http_code}';
      const { stdout } = await run('curl', ['-s', '-m', '20', ...args, '-w', format, url]).catch(
        (error) => error,
      );
      const [body = '', version = '', status = '0'] = String(stdout).split('\t');
      seen.push({
        what: `${what}, HTTP/${version}`,
        status: Number(status),
        body: what === 'HEAD' && body.includes('\r\n\r\n') ? 'HEAD' : body,
      });
    };
    for (const request of CURL_PLAIN) await ask(plain, request);
    if (secure === undefined) return seen;
    for (const request of CURL_PRIOR) await ask(plain, request);
    for (const request of CURL_SECURE) await ask(secure, request);
    return seen;
  },
};

export const PROGRAMS: readonly RealClient[] = [
  curl,
  program(
    { name: "Java's HttpClient", from: 'default-jdk-headless', requests: [6, 6] },
    'java',
    inThisFolder('Client.java'),
  ),
  program(
    { name: "Go's net/http", from: 'golang-go', requests: [6, 6] },
    'go',
    'run',
    inThisFolder('client.go'),
  ),
  // By its path: another Python may come first, without the packages of the system.
  program(
    { name: "Python's httpx", from: 'python3-httpx and python3-h2', requests: [6, 6] },
    '/usr/bin/python3',
    inThisFolder('client.py'),
  ),
];
