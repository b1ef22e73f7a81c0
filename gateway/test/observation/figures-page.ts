// Writes the page of figures, docs/figures.md, from the tables of figures.
import { BACKEND_FIGURES } from '../../src/observation/backend-figures.ts';
import { entriesOf } from '../../src/observation/figure.ts';
import { GATEWAY_FIGURES } from '../../src/observation/gateway-figures.ts';
import { DISCOVERY_FIGURES, POOL_FIGURES, SEEN_FIGURES } from '../../src/observation/pool-figures.ts';

const INTRODUCTION = `# Figures

What a gateway counts: the fields of \`GET /stats\` and of \`gateway.stats()\`, and the metric family that has the
same number. Metrics are in base units: a field in milliseconds is a metric in seconds, and a flag that is
\`true\` is 1. With several workers, the last column says how their values become one; "with ended workers"
means that totals do not fall when a worker ends.

\`evenkeel_build_info\`, \`evenkeel_pool_info\`, \`evenkeel_pool_backends\`, \`evenkeel_queue_waits_total\` and
\`evenkeel_discovery_*\` are made of several fields. \`process_*\` and \`nodejs_*\` describe the process that
answers: with workers, the primary.

A field without a value, for example the \`zone\` of a backend that has none, is left out of the JSON.

This page is written from the tables of figures in \`gateway/src/observation\`:
\`npx vitest run backend-figures -u\` writes it anew.
`;

const HEADINGS = ['field', 'kind', 'meaning', 'metric', 'over workers'];

function rowsOf(table: unknown, prefix = ''): string[][] {
  return entriesOf(table).flatMap(([name, { kind, unit, help, metric, merge, table: inner }]) => {
    const field = `${prefix}${name}`;
    if (kind === 'group') return rowsOf(inner, `${field}.`);
    const type = unit === undefined ? kind : `${kind}, ${unit}`;
    const family = metric === undefined ? '' : `\`${metric.name}\`${labelOf(metric.label)}`;
    return [[`\`${field}\``, type, help, family, merge.words]];
  });
}

/** A table of Markdown with columns of equal width, as the formatter writes it. */
function tableOf(rows: readonly (readonly string[])[]): string {
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[], filler = ' ') =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0, filler)).join(' | ')} |`;
  const [heading = [], ...body] = rows;
  const rule = heading.map(() => '');
  return [line(heading), line(rule, '-'), ...body.map((row) => line(row))].join('\n');
}

const labelOf = (label: string | undefined) => (label === undefined ? '' : ` by \`${label}\``);

const section = (title: string, table: unknown) =>
  `## ${title}\n\n${tableOf([HEADINGS, ...rowsOf(table)])}\n`;

/** The whole page. */
export function figuresPage(): string {
  return [
    INTRODUCTION,
    section('The gateway', GATEWAY_FIGURES),
    section('Each pool', POOL_FIGURES),
    section('Each backend', BACKEND_FIGURES),
    section('Each source of backends', DISCOVERY_FIGURES),
    section('Each gateway of a fleet', SEEN_FIGURES),
  ].join('\n');
}
