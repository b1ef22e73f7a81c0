import { describe, expect, it } from 'vitest';
import { isOffered, otherProtocols } from '../../src/message/protocols.ts';

describe('the protocols of Upgrade', () => {
  it.each([
    ['websocket', ['websocket']],
    ['SPDY/3.1', ['SPDY/3.1']],
    ['h2c', []],
    ['H2C', []],
    ['h2', []],
    ['h2c-14', []],
    ['HTTP/2.0', []],
    ['websocket, h2c', ['websocket']],
    ['h2c, websocket', ['websocket']],
    [' h2c ,, tcp ', ['tcp']],
    ['', []],
    [' , ', []],
  ])('%s', (upgrade, others) => {
    expect(otherProtocols(upgrade)).toEqual(others);
  });

  it.each([
    ['websocket', ['WebSocket'], true],
    ['WebSocket', ['websocket'], true],
    ['tcp', ['websocket', 'tcp'], true],
    ['TLS/1.0, HTTP/1.1', ['TLS/1.0'], true],
    ['h2c', ['websocket'], false],
    ['websocket, h2c', ['websocket'], false],
    ['TLS/1.0', ['websocket'], false],
    ['SPDY/2', ['SPDY/3.1'], false],
    ['HTTP/1.1', ['websocket'], false],
    ['', ['websocket'], false],
  ])('%s is an answer to %j: %s', (answer, offered, expected) => {
    expect(isOffered(answer, offered)).toBe(expected);
  });
});
