// Unix sockets as addresses: `unix:/run/app.sock`. The engine knows URLs with hosts alone, so a socket is a
// host there, whose name holds the path.

/** The longest path of a socket that every system takes, in bytes. */
const MAX_PATH_BYTES = 103;
const SOCKET = /^unix:(\/[^\0]+)$/;
const HOST = /^([\da-f]+)\.unix\.localhost$/;

/** The path of a socket's address; `undefined` if the text is none. */
export function socketPath(text: string): string | undefined {
  const path = SOCKET.exec(text)?.[1];
  return path !== undefined && Buffer.byteLength(path) <= MAX_PATH_BYTES ? path : undefined;
}

/** A pool entry as the engine takes it: with a URL, and with the written address as its id. */
export function engineEntry<T extends { readonly url: string; readonly id?: string | undefined }>(
  entry: T,
): T {
  const path = socketPath(entry.url);
  if (path === undefined) return entry;
  const url = `http://${Buffer.from(path).toString('hex')}.unix.localhost`;
  return { ...entry, url, id: entry.id ?? entry.url };
}

/** The path of the socket that a host of a URL stands for; `undefined` for any other host. */
export function socketOfHost(host: string): string | undefined {
  const hex = HOST.exec(host)?.[1];
  return hex === undefined ? undefined : Buffer.from(hex, 'hex').toString();
}

/** A URL of the engine as it was written. */
export function writtenUrl(url: string): string {
  const path = url.endsWith('.unix.localhost') ? socketOfHost(url.slice('http://'.length)) : undefined;
  return path === undefined ? url : `unix:${path}`;
}
