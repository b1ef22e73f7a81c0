// Clients that are packages of npm: Socket.IO by both of its ways, and ws.
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { io } from 'socket.io-client';
import { WebSocket } from 'ws';
import type { RealClient, Seen } from './client.ts';

const PATIENCE_MS = 20_000;
const versionOf = async (name: string): Promise<string> =>
  createRequire(import.meta.url)(`${name}/package.json`).version;

/** Connects, and has one message sent back. */
function socketIo(url: string, transport: 'polling' | 'websocket'): Promise<Seen> {
  const what = `echo, by ${transport}${url.startsWith('https') ? ', over TLS' : ''}`;
  const socket = io(url, { transports: [transport], forceNew: true, rejectUnauthorized: false });
  return new Promise<Seen>((resolve) => {
    socket.on('connect', () => {
      socket.timeout(PATIENCE_MS).emit('say', 'echo', (error: Error | null, body: string) => {
        resolve(error === null ? { what, status: 200, body } : { what, status: 0, body: error.message });
      });
    });
    socket.on('connect_error', (error) => resolve({ what, status: 0, body: error.message }));
  }).finally(() => socket.disconnect());
}

async function ws(url: string): Promise<Seen> {
  const what = `echo, of ${url.startsWith('https') ? 'wss' : 'ws'}`;
  const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`, { rejectUnauthorized: false });
  try {
    await once(socket, 'open');
    socket.send('echo');
    const [data] = await once(socket, 'message');
    return { what, status: 200, body: String(data) };
  } catch (error) {
    return { what, status: 0, body: (error as Error).message };
  } finally {
    socket.terminate();
  }
}

export const LIBRARIES: readonly RealClient[] = [
  {
    name: 'socket.io',
    from: 'socket.io-client',
    requests: [2, 2],
    version: () => versionOf('socket.io-client'),
    async run({ plain, secure }) {
      const seen: Seen[] = [];
      for (const url of secure === undefined ? [plain] : [plain, secure])
        for (const transport of ['polling', 'websocket'] as const) seen.push(await socketIo(url, transport));
      return seen;
    },
  },
  {
    name: 'ws',
    from: 'ws',
    requests: [1, 1],
    version: () => versionOf('ws'),
    async run({ plain, secure }) {
      return Promise.all([plain, ...(secure === undefined ? [] : [secure])].map(ws));
    },
  },
];
