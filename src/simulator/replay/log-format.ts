// Finds the format of an access log: by its name, or by its first lines.
import { shown } from '../../shown.ts';
import { jsonFormats } from './json-formats.ts';
import { type LineFormat, LogLine } from './log-line.ts';
import { COMBINED, ENVOY, HAPROXY, nginxFormat, TRAEFIK } from './text-formats.ts';

/** The formats that have a name. */
const FORMAT_NAMES = ['combined', 'json', 'haproxy', 'envoy', 'traefik', 'caddy', 'evenkeel', 'har'] as const;

/** A HAR file is one document, not lines. */
export type LogFormat = LineFormat | 'har';

/** So many lines decide what the format is. */
export const SNIFFED_LINES = 50;

/** All formats of lines. Where several fit as well, the first one is taken: later ones are less strict. */
function formats(header: string | undefined): LineFormat[] {
  return [...jsonFormats(header), ENVOY, HAPROXY, TRAEFIK, COMBINED];
}

/**
 * The format that is asked for.
 * @param format - a name, or a `log_format` of nginx with its variables
 * @param lines - the first lines, which decide between two forms of one name
 * @throws TypeError if there is no such format
 */
export function namedFormat(format: string, lines: readonly string[], header: string | undefined): LogFormat {
  if (format.includes('$')) return nginxFormat(format, header);
  if (format === 'har') return 'har';
  const named = formats(header).filter(({ name }) => name === format);
  const [only] = named;
  if (only === undefined)
    throw new TypeError(
      `format must be one of ${FORMAT_NAMES.join(', ')}, or a log_format of nginx, got ${shown(format)}`,
    );
  return best(named, lines)?.format ?? only;
}

/**
 * The format of a log by its first lines.
 * @throws TypeError if fewer than a fifth of the lines are requests in any format
 */
export function sniffedFormat(lines: readonly string[], header: string | undefined): LogFormat {
  const start = lines.slice(0, 20).join('\n');
  if (/^\s*\{\s*"log"\s*:\s*\{/.test(start)) return 'har';
  const found = best(formats(header), lines);
  if (found !== undefined && 5 * found.count >= lines.length) return found.format;
  const [first = ''] = lines;
  throw new TypeError(
    `log must have lines in one of the formats ${FORMAT_NAMES.join(', ')}, or a format must be given, got ${
      first === '' ? 'no line' : shown(first)
    }`,
  );
}

function best(
  candidates: readonly LineFormat[],
  lines: readonly string[],
): { format: LineFormat; count: number } | undefined {
  const line = new LogLine();
  let found: { format: LineFormat; count: number } | undefined;
  for (const format of candidates) {
    const count = lines.filter((text) => {
      line.clear();
      return format.read(text, line);
    }).length;
    if (count > (found?.count ?? 0)) found = { format, count };
  }
  return found;
}
