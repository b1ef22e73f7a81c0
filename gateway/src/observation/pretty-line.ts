// Turns JSON log lines into text for people.
import { pinoPretty } from '../lazy-packages.ts';

/** The fields of a log line that the text uses. */
type Line = Readonly<Record<string, unknown>>;

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not get to a terminal
const CONTROLS = /[\x00-\x1f\x7f-\x9f]/g;
/** Control characters that JSON does not escape. */
const LATE_CONTROLS = /[\x7f-\x9f]/g;

/** Escapes control characters: a terminal would obey them. */
function visible(text: string, controls = CONTROLS): string {
  return text.replace(controls, (control) => {
    return `\\x${control.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}

/** `GET shop.example/cart 200 in 12 ms from http://10.0.0.1:8080`, `no request 400 in 0 ms`. */
function accessMessage(line: Line): string {
  const { method, host, path, status, durationMs, backend, code, attempts } = line;
  const what = method === '' ? 'no request' : `${method} ${host}${path}`;
  const request = `${what} ${status} in ${Math.round(Number(durationMs))} ms`;
  const from = backend === undefined ? '' : ` from ${backend}`;
  const tries = Number(attempts) > 1 ? ` at attempt ${attempts}` : '';
  return visible(`${request}${from}${tries}${code === undefined ? '' : ` (${code})`}`);
}

/**
 * Makes a function that turns a line of JSON into text.
 * @param colorize - whether to use the colours of a terminal
 */
export function prettyLines(colorize: boolean): (json: string) => string {
  const options = {
    colorize,
    translateTime: 'SYS:HH:MM:ss.l',
    ignore: 'pid,hostname,worker',
    singleLine: true,
  };
  const { prettyFactory } = pinoPretty();
  const prettyAccess = prettyFactory({
    ...options,
    hideObject: true,
    messageFormat: (line) => accessMessage(line),
  });
  const prettyOther = prettyFactory({ ...options, messageFormat: (line) => visible(String(line.msg)) });
  return (json) => {
    const line = JSON.parse(json) as Line;
    const text = 'durationMs' in line && 'status' in line ? prettyAccess(line) : prettyOther(line);
    return `${visible(text, LATE_CONTROLS).trimEnd()}\n`;
  };
}
