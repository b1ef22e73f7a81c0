export const HOST = 'Host: a.test';
/** A request that must never be seen at a backend. */
export const SMUGGLED = `GET /smuggled HTTP/1.1\r\n${HOST}\r\n\r\n`;
/** `hello`, chunked. */
export const CHUNKED = '5\r\nhello\r\n0\r\n\r\n';

/** A request in bytes: its first line, its lines of headers, its body. */
export function message(startLine: string, headers: readonly string[] = [HOST], body = ''): string {
  return `${[startLine, ...headers].join('\r\n')}\r\n\r\n${body}`;
}

/** A GET with a Host, and other lines. */
export const get = (target = '/', ...headers: string[]): string =>
  message(`GET ${target} HTTP/1.1`, [HOST, ...headers]);

/** A POST with a Host, a Content-Length and other lines. */
export const post = (body: string, target = '/', ...headers: string[]): string =>
  message(`POST ${target} HTTP/1.1`, [HOST, `Content-Length: ${body.length}`, ...headers], body);

/** A POST with a chunked body as it is given. */
export const postChunked = (body: string, target = '/', ...headers: string[]): string =>
  message(`POST ${target} HTTP/1.1`, [HOST, 'Transfer-Encoding: chunked', ...headers], body);

/** Text as one chunk, and the last one. */
export const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`;
