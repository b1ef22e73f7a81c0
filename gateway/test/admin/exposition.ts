/** One line with a number. */
interface ParsedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** All lines of one name. */
export interface ParsedFamily {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: ParsedSample[];
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\["\\n])*)"(?:,|$)/y;

function labelsOf(text: string, line: string): Record<string, string> {
  const labels = new Map<string, string>();
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const match = LABEL.exec(text);
    if (match === null) throw new Error(`labels cannot be read: ${line}`);
    const [, name = '', value = ''] = match;
    if (labels.has(name)) throw new Error(`label ${name} twice: ${line}`);
    labels.set(
      name,
      value.replace(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped)),
    );
  }
  return Object.fromEntries(labels);
}

function sampleOf(line: string): ParsedSample {
  const [, name = '', , labels = '', value = ''] = /^([^{ ]+)(\{(.*)\})? ([^ ]+)$/s.exec(line) ?? [];
  if (!NAME.test(name)) throw new Error(`no metric: ${line}`);
  const number = value === '+Inf' ? Number.POSITIVE_INFINITY : Number(value);
  if (value === '' || (Number.isNaN(number) && value !== 'NaN')) throw new Error(`no number: ${line}`);
  return { name, labels: labelsOf(labels, line), value: number };
}

function belongsTo({ name, type }: ParsedFamily, sample: string): boolean {
  if (type !== 'histogram' && type !== 'summary') return sample === name;
  const suffixes = type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['', '_sum', '_count'];
  return suffixes.some((suffix) => sample === name + suffix);
}

/**
 * Reads the text format of Prometheus, version 0.0.4, more strictly than Prometheus does: each family has
 * HELP and TYPE, in this order, before its lines, which stand together.
 * @throws Error where a rule is broken
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function parseExposition(text: string): ParsedFamily[] {
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  const families = new Map<string, ParsedFamily>();
  const seen = new Set<string>();
  let help: [name: string, text: string] | undefined;
  let family: ParsedFamily | undefined;
  for (const line of text.slice(0, -1).split('\n')) {
    const [, keyword, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (keyword === 'HELP') help = [name, rest];
    else if (keyword === 'TYPE') {
      if (help?.[0] !== name) throw new Error(`no HELP before: ${line}`);
      if (families.has(name)) throw new Error(`a second time: ${line}`);
      if (!/^(counter|gauge|histogram|summary|untyped)$/.test(rest)) throw new Error(`no type: ${line}`);
      families.set(name, (family = { name, type: rest, help: help[1], samples: [] }));
    } else if (line.startsWith('#')) throw new Error(`neither HELP nor TYPE: ${line}`);
    else if (line !== '') {
      const sample = sampleOf(line);
      if (family === undefined || !belongsTo(family, sample.name)) throw new Error(`out of place: ${line}`);
      const series = `${sample.name} ${JSON.stringify(Object.entries(sample.labels).sort())}`;
      if (seen.has(series)) throw new Error(`twice: ${line}`);
      seen.add(series);
      family.samples.push(sample);
    }
  }
  return [...families.values()];
}

/**
 * What promtool would say against names.
 * @see https://prometheus.io/docs/practices/naming/
 */
export function namingProblems({ name, type, help, samples }: ParsedFamily): string[] {
  const problems: string[] = [];
  const say = (isWrong: boolean, what: string) => {
    if (isWrong) problems.push(`${name} ${what}`);
  };
  say(help.trim() === '', 'has no help');
  say(!/^[a-z][a-z0-9_]*$/.test(name), 'is not in snake_case');
  say(type === 'counter' && !name.endsWith('_total'), 'is a counter and does not end with _total');
  say(type !== 'counter' && name.endsWith('_total'), 'ends with _total and is no counter');
  say(/_(bucket|count|sum)$/.test(name), 'ends like a part of a histogram');
  say(/(^|_)(counter|gauge|histogram|summary)(_|$)/.test(name), 'tells its type');
  say(
    /(^|_)(ms|milliseconds|microseconds|minutes|hours|kb|mb|kilobytes|megabytes|percent|sec|s)(_|$)/.test(
      name,
    ),
    'is not in base units',
  );
  const labels = new Set(samples.flatMap((sample) => Object.keys(sample.labels)));
  say(type !== 'histogram' && labels.has('le'), 'has the label le and is no histogram');
  say(labels.has('quantile'), 'has the label quantile');
  for (const label of labels) say(!/^[a-z][a-z0-9_]*$/.test(label), `has the label ${label}`);
  return problems;
}
