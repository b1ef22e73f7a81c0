// The style sheet of a report.
import { BASIS } from '../page/basis.ts';
import { COLOURS } from '../page/colours.ts';

const LAYOUT = `
body { max-width: 76rem; }
h1 { font-size: 1.5rem; letter-spacing: -0.015em; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; letter-spacing: -0.005em; }
pre { margin: 0.75rem 0 0; overflow-x: auto; }
:focus-visible { border-radius: 0.2rem; }
header { margin-bottom: 1.25rem; }
header p { color: var(--muted); }
nav { display: flex; flex-wrap: wrap; gap: 0.1rem 1rem; margin-top: 0.5rem; font-size: 0.9rem; }
.findings { display: grid; gap: 0.4rem; padding-left: 1.1rem; max-width: 62rem; }
.findings.only { padding: 0; list-style: none; }
.partial { color: var(--bad); font-weight: 600; }
.controls { display: flex; flex-wrap: wrap; align-items: end; gap: 0.6rem 1rem; margin: 0.75rem 0; }
.controls label { min-width: 0; font-size: 0.87rem; font-weight: 500; }
.controls select, .controls input[type="range"] { display: block; margin-top: 0.15rem; }
select {
  padding: 0.3rem 0.75rem;
  min-height: 2rem;
  max-width: 100%;
  font: inherit;
  font-size: 0.9rem;
  color: inherit;
  background: var(--surface);
  border: 1px solid var(--edge);
  border-radius: 0.45rem;
}
details > summary { cursor: pointer; font-size: 0.9rem; color: var(--accent); }
details { margin-top: 0.75rem; }
`;

const TABLES = `
.scroll { position: relative; overflow-x: auto; margin: 0.75rem -0.4rem 0; padding: 0 0.4rem; }
.scroll:focus-visible { outline-offset: -2px; }
table { border-collapse: collapse; width: 100%; font-size: 0.92rem; }
th, td { padding: 0.4rem 0.4rem; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--border); }
thead th { vertical-align: bottom; font-weight: 500; color: var(--muted); font-size: 0.85rem; }
tbody tr:last-child > * { border-bottom: 0; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
tbody th { font-weight: 500; position: sticky; left: 0; background: var(--surface); }
thead button { padding: 0; min-height: 0; border: 0; background: none; font: inherit; color: inherit; text-align: inherit; }
thead button:hover { color: var(--text); text-decoration: underline; }
thead small { display: block; font-size: 0.92em; font-weight: 400; }
[aria-sort="ascending"] button::after { content: " ↑"; }
[aria-sort="descending"] button::after { content: " ↓"; }
td small { display: block; color: var(--muted); font-size: 0.8em; }
td.best { font-weight: 700; color: var(--good); }
.value::after { content: " *"; visibility: hidden; }
.best .value::after { visibility: visible; }
.who { display: flex; align-items: center; gap: 0.5rem; }
.who span:last-child { overflow-wrap: anywhere; }
.key { flex: none; width: 1.6rem; height: 0.8rem; }
.key line { stroke: var(--colour); stroke-width: 3; }
.events li { display: grid; grid-template-columns: 1.8rem 6rem 1fr; gap: 0.4rem; padding: 0.15rem 0; }
.events { padding: 0; list-style: none; font-size: 0.92rem; }
.mark {
  display: inline-block; min-width: 1.4rem; padding: 0 0.25rem; border: 1px solid var(--edge); border-radius: 0.3rem;
  text-align: center; font-size: 0.8rem; line-height: 1.35;
}
`;

const PICTURES = `
.legend { display: flex; flex-wrap: wrap; gap: 0.2rem 1rem; margin: 0.25rem 0 0.5rem; font-size: 0.88rem; }
.legend label { display: flex; align-items: center; gap: 0.4rem; cursor: pointer; }
.legend output { min-width: 3.5rem; color: var(--muted); }
.plot { position: relative; min-height: 18rem; }
.plot:focus-visible { outline-offset: 4px; }
.plot .marks { position: absolute; inset: 0 0 auto; pointer-events: none; }
canvas { display: block; max-width: 100%; }
.map { width: 100%; height: auto; border: 1px solid var(--border); border-radius: 0.3rem; }
.scale { display: flex; align-items: center; gap: 0.5rem; font-size: 0.85rem; color: var(--muted); }
.scale canvas { width: 12rem; height: 0.8rem; }
.bars { display: grid; gap: 0.5rem; margin-top: 0.75rem; }
.bars > div { display: grid; grid-template-columns: minmax(8rem, 14rem) 1fr; gap: 0.25rem 1rem; align-items: center; }
.bars > div > svg { width: 100%; height: 2.6rem; }
.bars > div > svg rect { fill: var(--colour); }
.bars .fair { stroke: var(--text); stroke-width: 1; stroke-dasharray: 3 3; }
.stage { width: 100%; border: 1px solid var(--border); border-radius: 0.45rem; background: var(--raised); }
.stages { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(22rem, 100%), 1fr)); }
.stages figcaption { font-size: 0.88rem; margin-bottom: 0.25rem; min-height: 2.8em; }
.controls .time { flex: 1 1 12rem; }
.controls .time input { width: 100%; }
/* What uPlot places over its canvas. */
.uplot .u-legend { display: none; }
.uplot canvas { width: 100%; height: 100%; }
.u-wrap { position: relative; user-select: none; }
.u-over, .u-under, .u-axis, .u-select { position: absolute; }
.u-under { overflow: hidden; }
.u-select { background: var(--accent); opacity: 0.15; pointer-events: none; }
.u-cursor-x, .u-cursor-y, .u-cursor-pt { position: absolute; top: 0; left: 0; pointer-events: none; }
.u-cursor-x { height: 100%; border-right: 1px dashed var(--muted); }
.u-cursor-pt { border-radius: 50%; border: 0 solid; background-clip: padding-box !important; }
.u-off { display: none; }
@media (max-width: 34rem) {
  .bars > div { grid-template-columns: 1fr; }
  .card { padding: 0.9rem 0.8rem; border-radius: 0.55rem; }
  .events li { grid-template-columns: 1.8rem 1fr; }
  .events li span:last-child { grid-column: 1 / -1; }
  th, td { padding: 0.35rem 0.45rem; }
  tbody th { max-width: 9rem; }
  .who span:last-child { min-width: 6.5rem; white-space: normal; }
  .controls .time { flex: none; }
  .controls { align-items: stretch; flex-direction: column; }
  .controls button { align-self: start; }
  .controls select { width: 100%; }
  .key { width: 1.1rem; }
}
@media print { .controls, nav, #play { display: none; } body { background: none; } }
`;

/** The page's style sheet. */
export const REPORT_STYLE = [COLOURS, BASIS, LAYOUT, TABLES, PICTURES].join('');
