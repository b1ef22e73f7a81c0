/** The parts of a pool on its fleet and on the sources of its backends. */
export const FLEET = `
.beside { margin-top: 1rem; padding-top: 0.9rem; border-top: 1px solid var(--border); }
.beside-head { display: flex; flex-wrap: wrap; align-items: center; gap: 0.3rem 0.7rem; }
.rows { display: grid; grid-template-columns: auto auto auto 1fr; column-gap: 1rem; list-style: none; margin-top: 0.4rem; }
.rows > li {
  display: grid; grid-column: 1 / -1; grid-template-columns: subgrid; align-items: baseline;
  padding: 0.3rem 0; overflow-wrap: anywhere;
}
.rows > li + li { border-top: 1px solid var(--border); }
.rows .state { justify-self: start; }
.rows .name { font-weight: 600; }
.rows .more { grid-column: 2 / -1; }
.rows .trouble { color: var(--bad); }
@media (max-width: 48rem) {
  .rows { grid-template-columns: auto 1fr; column-gap: 0.6rem; }
  .rows > li > :nth-child(n + 3) { grid-column: 1 / -1; }
  .rows > li { padding: 0.5rem 0; row-gap: 0.15rem; }
}
`;
