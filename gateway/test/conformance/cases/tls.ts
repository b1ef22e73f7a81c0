import { once } from 'node:events';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { type Case, check } from '../case.ts';
import { certificateFor } from '../certificates.ts';
import type { Lab } from '../lab.ts';
import { get, message } from '../wire/requests.ts';
import { fields } from './h2-exchange.ts';

/** A target that ends TLS, with certificates for a.test and b.test. */
async function secure(lab: Lab): Promise<number> {
  const certificates = [await certificateFor('a.test', '*.a.test'), await certificateFor('b.test')];
  const { port } = await lab.pair({}, { listener: { tls: { certificates } } });
  return port;
}

/** The protocol and the name of the certificate that a handshake ends with; `undefined` where it fails. */
async function shakes(
  port: number,
  options: ConnectionOptions,
): Promise<{ alpn: string | false | null; name: string } | undefined> {
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
  socket.on('error', () => {});
  const done = await Promise.race([
    once(socket, 'secureConnect').then(() => true),
    once(socket, 'close').then(() => false),
  ]).catch(() => false);
  const outcome = done
    ? { alpn: socket.alpnProtocol, name: String(socket.getPeerCertificate().subject?.CN) }
    : undefined;
  socket.destroy();
  return outcome;
}

/** A ClientHello that names any bytes as its server name. */
function clientHello(serverName: Buffer): Buffer {
  const u16 = (value: number) => Buffer.from([value >> 8, value & 255]);
  const sized = (...parts: Buffer[]) => {
    const all = Buffer.concat(parts);
    return Buffer.concat([u16(all.length), all]);
  };
  const name = sized(Buffer.from([0]), sized(serverName));
  const extensions = sized(u16(0), sized(name));
  const body = Buffer.concat([
    u16(0x0303),
    Buffer.alloc(32, 7),
    Buffer.from([0]),
    sized(u16(0xc02f), u16(0xc030), u16(0x009c)),
    Buffer.from([1, 0]),
    extensions,
  ]);
  const hello = Buffer.concat([Buffer.from([1, 0]), u16(body.length), body]);
  return Buffer.concat([Buffer.from([22, 3, 1]), u16(hello.length), hello]);
}

const handshakes: readonly Case[] = [
  {
    id: 'V01',
    title: 'TLS 1.0 and 1.1 are refused, 1.2 and 1.3 are not',
    needs: 'configuration',
    run: async (lab) => {
      const port = await secure(lab);
      for (const version of ['TLSv1', 'TLSv1.1'] as const) {
        const old = {
          minVersion: version,
          maxVersion: version,
          ciphers: 'DEFAULT@SECLEVEL=0',
          servername: 'a.test',
        };
        check((await shakes(port, old)) === undefined, `${version} is taken`);
      }
      for (const version of ['TLSv1.2', 'TLSv1.3'] as const)
        check(
          (await shakes(port, { minVersion: version, maxVersion: version })) !== undefined,
          `${version} is refused`,
        );
      return 'refused, refused, taken, taken';
    },
  },
  {
    id: 'V02',
    title: 'names of servers: known, unknown, none, malformed, with NUL, of 255 bytes',
    needs: 'configuration',
    run: async (lab) => {
      const port = await secure(lab);
      const names = {
        'a.test': 'a.test',
        'A.TEST': 'a.test',
        'x.a.test': 'a.test',
        'b.test': 'b.test',
        'B.Test': 'b.test',
        'c.test': 'a.test',
      };
      for (const [servername, expected] of Object.entries(names)) {
        const got = await shakes(port, { servername });
        check(
          got === undefined ? servername === 'c.test' : got.name === expected,
          () => `${servername}: ${got?.name}`,
        );
      }
      check((await shakes(port, {})) !== undefined, 'no name at all is refused');
      const odd = [
        '\0',
        'a.test\0.evil.test',
        'a'.repeat(255),
        '..',
        '',
        '\xff\xfe',
        '__proto__',
        'constructor',
        '*.a.test',
        '.a.test',
      ];
      for (const name of odd) {
        const client = await lab.client(port);
        client.write(clientHello(Buffer.from(name, 'latin1')));
        await client.quiet(40);
        client.socket.destroy();
      }
      check((await shakes(port, { servername: 'b.test' }))?.name === 'b.test', 'serves no more');
      return `${Object.keys(names).length} well, ${odd.length} odd`;
    },
  },
  {
    id: 'V03',
    title: 'ALPN: h2, http/1.1, none, unknown',
    needs: 'configuration',
    run: async (lab) => {
      const port = await secure(lab);
      const alpn = async (ALPNProtocols?: string[]) =>
        (await shakes(port, { servername: 'a.test', ...(ALPNProtocols && { ALPNProtocols }) }))?.alpn;
      check((await alpn(['h2', 'http/1.1'])) === 'h2', 'h2 is not chosen');
      check((await alpn(['http/1.1'])) === 'http/1.1', 'http/1.1 is not chosen');
      check((await alpn()) === false, 'no ALPN is refused');
      const garbage = await alpn(['garbage']);
      check(garbage === undefined || garbage === false, () => `garbage: ${garbage}`);
      const h2 = await lab.http2(port, { tls: { servername: 'a.test' } });
      await h2.request(1, fields({ ':scheme': 'https' }));
      await h2.done();
      check(h2.status(1) === 200, () => `over h2: ${h2.summary()}`);
      const h1 = await lab.client(port, { servername: 'a.test' });
      const [answer] = await h1.write(get()).answered();
      check(answer?.status === 200, () => `over http/1.1: ${h1.text}`);
      return 'h2, http/1.1, none';
    },
  },
  {
    id: 'V04',
    title: 'HTTP on a port for TLS, TLS on a port for HTTP: ended',
    needs: 'configuration',
    run: async (lab) => {
      const client = await lab.client(await secure(lab));
      client.write(get());
      check(await client.closed(), 'HTTP on a port for TLS stays open');
      check(!client.text.includes('200 OK'), 'served in the clear');
      const { upstream, port } = await lab.pair();
      check((await shakes(port, { servername: 'a.test' })) === undefined, 'TLS on a port for HTTP');
      check(upstream.text === '', 'forwarded a ClientHello');
      return 'ended, ended';
    },
  },
  {
    id: 'V09',
    title: '200 handshakes at once leave others served',
    needs: 'configuration',
    alone: true,
    run: async (lab) => {
      const port = await secure(lab);
      const good = await lab.client(port, { servername: 'a.test' });
      const storm = Promise.all(Array.from({ length: 200 }, () => shakes(port, { servername: 'a.test' })));
      for (let i = 1; i <= 10; i++) {
        const answers = await good.write(get(`/${i}`)).answered(i, 5_000);
        check(answers[i - 1]?.status === 200, `the request ${i} is lost`);
      }
      const done = (await storm).filter((outcome) => outcome !== undefined).length;
      check(done === 200, `${done} of 200`);
      return '200 of 200';
    },
  },
];

const names: readonly Case[] = [
  {
    id: 'H15',
    title: 'a host that the certificate of the connection is not for: 421',
    needs: 'configuration',
    run: async (lab) => {
      const port = await secure(lab);
      const ask = async (servername: string, host: string) => {
        const client = await lab.client(port, { servername });
        const [answer] = await client.write(message('GET / HTTP/1.1', [`Host: ${host}`])).answered();
        return answer?.status;
      };
      check((await ask('a.test', 'a.test')) === 200, 'the host itself');
      check((await ask('A.TEST', 'a.test')) === 200, 'the name in capitals');
      check((await ask('a.test', 'A.Test:443')) === 200, 'the host in capitals, with its port');
      const other = await ask('a.test', 'b.test');
      check(other === 421, () => `another host got ${other}`);
      return '200, 421';
    },
  },
  {
    id: 'X57',
    title: 'a coalesced connection: 421 for a host that its certificate is not for',
    needs: 'configuration',
    run: async (lab) => {
      const port = await secure(lab);
      const client = await lab.http2(port, { tls: { servername: 'a.test' } });
      const hosts = ['a.test', 'x.a.test', 'b.test'];
      for (const [i, host] of hosts.entries()) {
        await client.request(i * 2 + 1, fields({ ':scheme': 'https', ':authority': host }));
        await client.done(i * 2 + 1);
      }
      const statuses = hosts.map((_, i) => client.status(i * 2 + 1)).join();
      check(statuses === '200,200,421', () => `got ${statuses}`);
      return statuses;
    },
  },
];

/** RFC 8446, RFC 6066 section 3, RFC 7301, RFC 9110 section 15.5.20. */
export const tls: readonly Case[] = [...handshakes, ...names];
