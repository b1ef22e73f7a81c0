import { HOST, message } from '../wire/requests.ts';

/** A client's opening handshake (RFC 6455 section 4.1), with other lines after it. */
export const handshake = (...headers: string[]): string =>
  message('GET /socket HTTP/1.1', [
    HOST,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...headers,
  ]);

const lines = (...headers: string[]) =>
  [
    'HTTP/1.1 101 Switching Protocols',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
    ...headers,
  ].join('\r\n');

/** A server's answer to it, with other lines after it. */
export const switched = (...headers: string[]): string => `${lines(...headers)}\r\n\r\n`;
export const SWITCH = switched();
