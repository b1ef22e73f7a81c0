// The report of a simulation as one HTML file, which loads nothing from anywhere. Everything that is text
// stands in the markup, readable without its script; the script adds the pictures.
import { createHash } from 'node:crypto';
import type { ContenderResult, SimulationResult } from 'evenkeel/simulator';
import { figureText, type ReportColumn, usedColumns } from './columns.ts';
import { DASHES } from './dashes.ts';
import { moment, percent } from './figure-text.ts';
import { pageData } from './page-data.ts';
import { script } from './script.ts';
import { REPORT_STYLE } from './style.ts';

/** What a report tells beside the result. */
export interface ReportContext {
  /** The command that gives this report again. */
  readonly command: string;
  /** The scenario as text, for readers who want to change it; `undefined` for none. */
  readonly scenario?: string | undefined;
  /** A paragraph above the figures, such as the lesson of a preset. */
  readonly lesson?: string | undefined;
  readonly version: string;
}

/** Contenders get a colour and a pattern by their place; after eight they come again. */
const COLOUR_COUNT = 8;
/** The report as one HTML document. */
export function htmlReport(result: SimulationResult, context: ReportContext): string {
  const code = script();
  // A `<` in a string would end the element, or begin a comment in it.
  const data = JSON.stringify(pageData(result)).replaceAll('<', '\\u003c');
  const policy = [
    "default-src 'none'",
    `script-src ${sourceOf(code)}`,
    // The plots set styles of elements.
    "style-src 'unsafe-inline'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escaped(result.name)}: evenkeel simulation</title>
<link rel="icon" href="data:,">
<style>${REPORT_STYLE}</style>
</head>
<body>
${headerOf(result, context)}
<main>
${findingsCard(result, context)}
${tableCard(result)}
${plotCards(result)}
${backendsCard(result)}
${playCard(result)}
${aboutCard(result, context)}
</main>
<script type="application/json" id="data">${data}</script>
<script>${code}</script>
</body>
</html>
`;
}

/** @see https://www.w3.org/TR/CSP3/#grammardef-hash-source */
function sourceOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

function headerOf(result: SimulationResult, { version }: ReportContext): string {
  const { name, requests, placements, backends, balancers, durationMs, seed, contenders } = result;
  const facts = [
    `${requests.toLocaleString('en')} requests in ${moment(durationMs)} of virtual time`,
    backends.length === 1 ? '1 backend' : `${backends.length} backends`,
    ...(balancers > 1 ? [`${balancers} balancers`] : []),
    contenders.length === 1 ? '1 contender' : `${contenders.length} contenders, all with the same traffic`,
    placements === 1 ? '1 placement' : `${placements} placements each`,
    `seed ${seed}`,
  ];
  const hasTrace = contenders.some(({ trace }) => trace !== undefined);
  return `<header>
<h1>${escaped(name)}</h1>
<p>${facts.map(escaped).join(' · ')} · evenkeel ${escaped(version)}</p>
${result.isComplete ? '' : '<p class="partial">Ended early: all contenders are compared on the part that ran.</p>'}
<nav aria-label="Parts of the report">
<a href="#figures">Figures</a> <a href="#time">Over time</a> <a href="#latency">Latency</a>
<a href="#backends">Backends</a> ${hasTrace ? '<a href="#play">Slow motion</a> ' : ''}<a href="#about">About</a>
</nav>
</header>`;
}

function findingsCard({ findings }: SimulationResult, { lesson }: ReportContext): string {
  if (findings.length === 0 && lesson === undefined) return '';
  const items = findings.map((finding) => `<li>${escaped(finding)}</li>`).join('\n');
  return `<section class="card" aria-label="What the figures say">
${lesson === undefined ? '' : `<p>${escaped(lesson)}</p>`}
${items === '' ? '' : `<ul class="findings${findings.length === 1 ? ' only' : ''}">\n${items}\n</ul>`}
</section>`;
}

function tableCard(result: SimulationResult): string {
  const { contenders, placements } = result;
  const columns = usedColumns(contenders.map(({ figures }) => figures));
  const headings = columns.map(
    ({ title, unit, about }) =>
      `<th scope="col" title="${escaped(about)}"><button type="button">${escaped(title)} <small>${escaped(unit)}</small></button></th>`,
  );
  const rows = contenders.map((contender, i) => rowOf(contender, i, columns, result));
  const spread = placements > 1 ? ', or not clearly worse: within the spread of the placements' : '';
  return `<section class="card" id="figures" aria-labelledby="figures-title">
<h2 id="figures-title">Figures</h2>
<div class="scroll" role="region" aria-labelledby="figures-title" tabindex="0">
<table>
<thead><tr><th scope="col">Contender</th>${headings.join('')}</tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table>
</div>
<p class="muted">* best${spread}. ${placements > 1 ? 'Below a figure stands its range over the placements: where keys and backends lie on a ring is chance.' : ''}
The first part of the run, until ${moment(result.warmUpMs)}, does not count.</p>
<details><summary>What the columns say</summary>
<ul class="findings">${columns.map(({ title, unit, about }) => `<li><strong>${escaped(title)} ${escaped(unit)}</strong>: ${escaped(about)}</li>`).join('')}</ul>
</details>
</section>`;
}

function rowOf(
  { label, figures, strategy }: ContenderResult,
  index: number,
  columns: readonly ReportColumn[],
  { best, placements, contenders }: SimulationResult,
): string {
  const cells = columns.map((column) => {
    const figure = figures[column.name];
    const isBest = contenders.length > 1 && best[column.name]?.includes(label) === true;
    const range =
      figure === null || placements === 1 || figure.least === figure.most
        ? ''
        : `<small>${column.format(figure.least)} to ${column.format(figure.most)}</small>`;
    const value = figure === null ? '' : ` data-value="${figure.mean}"`;
    const mark = isBest ? '<span class="unseen"> best</span>' : '';
    const text = `<span class="value">${figureText(column, figures)}</span>`;
    return `<td${isBest ? ' class="best"' : ''}${value}>${text}${mark}${range}</td>`;
  });
  return `<tr><th scope="row" title="${escaped(strategy)}">${whoOf(label, index)}</th>${cells.join('')}</tr>`;
}

/** A contender's line, as the plots draw it, and its name. */
function whoOf(label: string, index: number): string {
  return `<span class="who">${keyOf(index)}<span>${escaped(label)}</span></span>`;
}

function keyOf(index: number): string {
  const dash = (DASHES[index % DASHES.length] ?? []).join(' ');
  return `<svg class="key colour-${index % COLOUR_COUNT}" viewBox="0 0 32 16" aria-hidden="true"><line x1="0" y1="8" x2="32" y2="8"${dash === '' ? '' : ` stroke-dasharray="${dash}"`}/></svg>`;
}

function plotCards({ contenders, events }: SimulationResult): string {
  const legend = contenders
    .map(
      ({ label }, i) =>
        `<label><input type="checkbox" checked data-contender="${i}">${keyOf(i)}${escaped(label)} <output></output></label>`,
    )
    .join('\n');
  const list = events
    .map(
      ({ atMs, untilMs, text }, i) =>
        `<li><span><span class="mark">${i + 1}</span></span><span>${moment(atMs)}</span><span>${escaped(text)}${untilMs === undefined ? '' : `, until ${moment(untilMs)}`}</span></li>`,
    )
    .join('\n');
  return `<section class="card" id="time" aria-labelledby="time-title">
<h2 id="time-title">Over time</h2>
<noscript><p>The pictures need JavaScript; the tables do not.</p></noscript>
<div class="controls"><label>Figure <select id="series"></select></label></div>
<div class="legend" role="group" aria-label="Contenders shown">
${legend}
</div>
<div class="plot" id="time-plot" tabindex="0" role="img" aria-describedby="time-hint"></div>
<p class="muted" id="time-hint">Left and right move through time; the figures stand beside the names.
Drag to look closer, double click to go back.</p>
${list === '' ? '' : `<ol class="events" aria-label="What happened">\n${list}\n</ol>`}
<details id="time-table"><summary>The same as a table</summary><div class="scroll" role="region" aria-label="Figures over time" tabindex="0"></div></details>
</section>
<section class="card" id="latency" aria-labelledby="latency-title">
<h2 id="latency-title">Distribution of latency</h2>
<p class="muted">The slowest requests are at the right: at 99 % one request of a hundred takes longer.</p>
<div class="plot" id="latency-plot" tabindex="0" role="img" aria-label="Latency by percentile; the table below has the figures"></div>
<div class="scroll" role="region" aria-label="Percentiles of latency" tabindex="0"><table class="plain" id="percentiles"></table></div>
</section>`;
}

function backendsCard({ contenders, backends }: SimulationResult): string {
  const options = contenders
    .map(({ label }, i) => `<option value="${i}">${escaped(label)}</option>`)
    .join('');
  const rows = backends
    .slice(0, MOST_BACKENDS)
    .map((name, at) => {
      const cells = contenders.map(({ backends: figures }) => {
        const figure = figures[at];
        if (figure === undefined) return '<td></td>';
        const { share, busy, errors, mostAtOnce } = figure;
        const more = [`busy ${percent(busy)} %`, `at most ${mostAtOnce.toLocaleString('en')} at once`];
        if (errors > 0) more.push(`errors ${percent(errors)} %`);
        return `<td>${percent(share)}<small>${more.join('<br>')}</small></td>`;
      });
      return `<tr><th scope="row">${escaped(name)}</th>${cells.join('')}</tr>`;
    })
    .join('\n');
  const rest = backends.length - MOST_BACKENDS;
  const bars = contenders.map(
    ({ label, backends: figures }, i) =>
      `<div>${whoOf(label, i)}${barsOf(
        figures.map(({ share }) => share),
        label,
        i,
      )}</div>`,
  );
  return `<section class="card" id="backends" aria-labelledby="backends-title">
<h2 id="backends-title">Share of each backend</h2>
<p class="muted">A bar for each backend; the dashed line is the mean.</p>
<div class="bars">
${bars.join('\n')}
</div>
<div class="controls"><label>Shares over time of <select id="map-of">${options}</select></label></div>
<canvas class="map" id="map" role="img" aria-label="Share of each backend over time; a row is a backend"></canvas>
<p class="scale"><span>no requests</span><canvas id="map-scale" aria-hidden="true"></canvas><span>4 times the mean</span></p>
<details><summary>Shares as a table</summary>
<div class="scroll" role="region" aria-label="Shares of backends" tabindex="0"><table class="plain">
<thead><tr><th scope="col">Backend</th>${contenders.map(({ label }) => `<th scope="col">${escaped(label)} <small>% of attempts</small></th>`).join('')}</tr></thead>
<tbody>
${rows}
</tbody></table></div>${rest > 0 ? `<p class="muted">and ${rest} more backends.</p>` : ''}
</details>
</section>`;
}

/** Longer tables are not read. */
const MOST_BACKENDS = 200;
const BARS_HIGH = 40;

function barsOf(shares: readonly number[], label: string, index: number): string {
  const mean = shares.length === 0 ? 0 : shares.reduce((sum, share) => sum + share, 0) / shares.length;
  const top = Math.max(2 * mean, ...shares) || 1;
  const height = (value: number) => Number(((BARS_HIGH * value) / top).toFixed(2));
  const rects = shares
    .map(
      (share, i) =>
        `<rect x="${i + 0.08}" y="${BARS_HIGH - height(share)}" width="0.84" height="${height(share)}"/>`,
    )
    .join('');
  const most = mean === 0 ? 0 : Math.max(...shares) / mean;
  return `<svg class="colour-${index % COLOUR_COUNT}" viewBox="0 0 ${Math.max(1, shares.length)} ${BARS_HIGH}" preserveAspectRatio="none" role="img" aria-label="${escaped(label)}: the most loaded backend has ${most.toFixed(2)} times the mean">${rects}<line class="fair" vector-effect="non-scaling-stroke" x1="0" x2="${shares.length}" y1="${BARS_HIGH - height(mean)}" y2="${BARS_HIGH - height(mean)}"/></svg>`;
}

function playCard({ contenders }: SimulationResult): string {
  const traced = contenders.flatMap(({ label, trace }, i) => (trace === undefined ? [] : [{ label, i }]));
  if (traced.length === 0) return '';
  const count = Math.max(...contenders.map(({ trace }) => trace?.requests.atMs.length ?? 0));
  const options = (chosen: number) =>
    traced
      .map(
        ({ label, i }, at) =>
          `<option value="${i}"${at === chosen ? ' selected' : ''}>${escaped(label)}</option>`,
      )
      .join('');
  const stage = (at: number) => `<figure><figcaption>
<label>Contender <select data-stage="${at}">${options(at === 0 ? 0 : traced.length - 1)}</select></label>
<div class="muted" data-caption="${at}"></div></figcaption>
<canvas class="stage" data-canvas="${at}" role="img" aria-label="Requests on their way from the balancers to the backends"></canvas></figure>`;
  return `<section class="card" id="play" aria-labelledby="play-title">
<h2 id="play-title">Slow motion</h2>
<p class="muted">The first ${count.toLocaleString('en')} requests, one dot each, from the balancer to a backend. Dots in front of
a backend wait; a filled square is at work, a cross an error, an empty one a cache hit.</p>
<div class="controls">
<button type="button" id="play-button" aria-pressed="false">Play</button>
<label>Speed <select id="play-speed"><option value="0.01">1/100</option><option value="0.03" selected>1/30</option><option value="0.1">1/10</option><option value="0.3">1/3</option><option value="1">as it is</option></select></label>
<label class="time">Time <input type="range" id="play-time" min="0" max="1000" value="0" step="1"></label>
<output id="play-clock" for="play-time"></output>
</div>
<div class="stages">${stage(0)}${traced.length > 1 ? stage(1) : ''}</div>
</section>`;
}

function aboutCard({ digest }: SimulationResult, { command, scenario }: ReportContext): string {
  return `<section class="card" id="about" aria-labelledby="about-title">
<h2 id="about-title">About this report</h2>
<p>The code that chose the backends is the code that runs in production; clients, network and backends are simulated.
The same command gives the same figures on every machine:</p>
<pre tabindex="0" aria-label="Command"><code>${escaped(command)}</code></pre>
<p class="muted">Digest of the result: <code>${escaped(digest)}</code>. Plots are drawn by uPlot, © Leon Sorokin, MIT licence.</p>
${scenario === undefined ? '' : `<details><summary>The scenario</summary><pre tabindex="0" aria-label="Scenario"><code>${escaped(scenario)}</code></pre></details>`}
</section>`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text for markup and attributes. */
function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character] as string);
}
