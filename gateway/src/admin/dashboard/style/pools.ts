/** Pools and their tables; on narrow pages each backend is a card. */
export const POOLS = `
.pool-head { display: flex; flex-wrap: wrap; align-items: center; gap: 0.4rem 0.9rem; }
.pool-head button { margin-left: auto; }
.filter { display: flex; align-items: center; gap: 0.5rem; margin-left: auto; }
.filter input { margin: 0; width: 12rem; }
.filter:not([hidden]) + button { margin-left: 0; }
.panic {
  margin-top: 0.75rem;
  padding: 0.5rem 0.8rem;
  border-radius: 0.5rem;
  background: var(--bad-ground);
  color: var(--bad);
}
.empty { margin-top: 0.9rem; color: var(--muted); }

.bars {
  display: grid;
  grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr));
  gap: 0 1.5rem;
}
.bars figure { margin: 0.8rem 0 0.3rem; }
figcaption { color: var(--muted); font-size: 0.82rem; margin-bottom: 0.3rem; }
.bar { display: flex; gap: 2px; height: 0.8rem; border-radius: 0.4rem; overflow: hidden; }
.bar:has(:nth-child(25)) { gap: 1px; }
.bar span { flex: 0 1 0; background: var(--colour); }
.bar .is-out { background: repeating-linear-gradient(135deg, var(--colour) 0 2px, transparent 2px 5px); }

table { width: 100%; border-collapse: collapse; }
caption { text-align: left; color: var(--muted); font-size: 0.87rem; }
th, td { padding: 0.55rem 0.6rem; text-align: left; vertical-align: top; }
th.right, td.right { text-align: right; }
thead th { color: var(--muted); font-size: 0.82rem; font-weight: 500; vertical-align: bottom; }
thead .window { display: block; font-size: 0.75rem; }
tbody tr { border-top: 1px solid var(--border); }
tbody th { font-weight: 600; }
.plain th, .plain td { padding: 0.3rem 0.6rem 0.3rem 0; }
.plain th:first-child { min-width: 6rem; }
.plain td.right { white-space: nowrap; }
.plain td { overflow-wrap: anywhere; }
.plain .is-picked { background: var(--good-ground); color: var(--good); font-weight: 600; }
.plain .is-picked > :first-child, .plain th:first-child { padding-left: 0.5rem; }

.backends { table-layout: fixed; margin-top: 0.6rem; }
.state-col { width: 7.75rem; }
.rate-col { width: 8rem; }
.flight-col { width: 4rem; }
.error-col { width: 5.75rem; }
.p99-col { width: 5.25rem; }
.weight-col { width: 4.25rem; }
.keys-col { width: 6.75rem; }
.spills-col { width: 3.75rem; }
.actions-col { width: 14.75rem; }
.backends :is(th, td) { padding-inline: 0.5rem; }
.backends .right { white-space: nowrap; }
.backends .more { font-size: 0.8rem; }
.backends th .more, .state-cell .more { white-space: normal; overflow-wrap: anywhere; }
.swatch {
  display: inline-block;
  width: 0.65rem;
  height: 0.65rem;
  margin-right: 0.45rem;
  border-radius: 0.2rem;
  background: var(--colour);
}
.is-failing .error-rate { color: var(--bad); font-weight: 600; }
.actions { white-space: nowrap; text-align: right; }
.backends .actions { padding-right: 0; }
.actions button { padding: 0.15rem 0.5rem; min-height: 1.8rem; font-size: 0.85rem; }
.actions [data-action="drain"] { min-width: 4.75rem; }

.state {
  display: inline-flex; align-items: center; gap: 0.35rem;
  padding: 0.05rem 0.6rem 0.05rem 0.45rem;
  border-radius: 1rem; background: var(--state-ground); color: var(--state);
  font-size: 0.85rem; font-weight: 600; white-space: nowrap;
}
.icon { width: 0.75rem; height: 0.75rem; fill: currentColor; }
.icon, symbol .line { stroke: currentColor; stroke-width: 0; }
symbol .line { fill: none; stroke-width: 2.5; stroke-linecap: round; stroke-linejoin: round; }
.spark { width: 3.25rem; height: 1.1rem; margin-right: 0.4rem; vertical-align: -0.2rem; overflow: visible; }
.spark polyline {
  fill: none;
  stroke: var(--accent);
  stroke-width: 1.5;
  stroke-linejoin: round;
  vector-effect: non-scaling-stroke;
}

@media (max-width: 76rem) {
  .backends { display: block; }
  .backends :is(colgroup, thead) { display: none; }
  .backends tbody {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(min(21rem, 100%), 1fr));
    gap: 0.75rem;
  }
  .backends tr {
    display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 0.55rem 0.75rem;
    align-content: start;
    padding: 0.8rem; background: var(--raised); border: 1px solid var(--border); border-radius: 0.6rem;
  }
  .backends :is(th, td) {
    padding: 0;
    text-align: left;
    white-space: normal;
    min-width: 0;
    overflow-wrap: anywhere;
  }
  .backends th { grid-column: 1 / -1; }
  .backends .wide { grid-column: span 2; }
  .backends .state-cell {
    grid-column: 1 / -1;
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0.2rem 0.6rem;
  }
  .backends .actions { grid-column: 1 / -1; display: flex; gap: 0.5rem; }
  .backends .actions button { flex: 1; min-height: 2.2rem; }
  .backends td[data-label]::before {
    content: attr(data-label);
    display: block;
    color: var(--muted);
    font-size: 0.8rem;
  }
  .backends td .spark { float: right; margin: 0 0.5rem 0 0; width: 5rem; height: 1.4rem; }
}
@media (max-width: 48rem) {
  .plain th:first-child { min-width: 4.5rem; }
  .plain td.right { white-space: normal; }
  .pool-head button, .filter { margin-left: 0; }
}
`;
