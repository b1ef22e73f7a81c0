/** The layout of the whole page. */
export const LAYOUT = `
body { max-width: 84rem; line-height: 1.45; }
h1 { font-size: 1.2rem; letter-spacing: -0.01em; }
h2 { font-size: 1.05rem; letter-spacing: -0.005em; overflow-wrap: anywhere; }
h3 { font-size: 0.92rem; }
.more, .window, .size { color: var(--muted); font-weight: 400; }
.more, .size { font-size: 0.87rem; }
.size.is-out { color: var(--bad); font-weight: 600; }
.more { display: block; }
.window { font-size: 0.8rem; white-space: nowrap; }
.right { text-align: right; }
.name { overflow-wrap: anywhere; }

#head { display: flex; flex-wrap: wrap; align-items: center; gap: 0.5rem 1.25rem; margin-bottom: 1.25rem; }
.brand { display: flex; align-items: center; gap: 0.6rem; }
.logo { width: 1.6rem; height: 1.6rem; }
.logo circle {
  fill: none; stroke: var(--accent); stroke-width: 4; stroke-dasharray: 9 2;
  transform: rotate(-90deg); transform-origin: center;
}
.facts { display: flex; flex-wrap: wrap; gap: 0 1rem; color: var(--muted); font-size: 0.87rem; }
nav { display: flex; gap: 1rem; margin-left: auto; font-size: 0.9rem; }

.card > .muted { margin-top: 0.2rem; }
.columns {
  display: grid;
  grid-template-columns: repeat(auto-fit, minmax(min(26rem, 100%), 1fr));
  gap: 0 1.25rem;
}
.columns > * { min-width: 0; }

.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); gap: 0.75rem; }
.tile {
  padding: 0.8rem 1rem 0.75rem;
  background: var(--surface);
  border: 1px solid var(--border);
  border-radius: 0.75rem;
  box-shadow: var(--shadow);
}
.tile dt { color: var(--muted); font-size: 0.87rem; }
.figure {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  gap: 0 0.45rem;
  font-size: 1.5rem;
  font-weight: 600;
  line-height: 1.4;
}
.figure > * { white-space: nowrap; }
.figure .and { color: var(--muted); font-weight: 400; }
.figure .spark { margin-left: auto; width: 6rem; height: 1.6rem; }
.more { line-height: 1.35; }
#totals { margin: 0.7rem 0.25rem 1.25rem; overflow-wrap: anywhere; }

.banner:not(.unseen) {
  display: flex;
  align-items: center;
  gap: 1rem;
  padding: 0.7rem 1rem;
  border-radius: 0.75rem;
}
.banner p { flex: 1; overflow-wrap: anywhere; }
.banner p:empty { display: none; }
#gone:not(.unseen) {
  margin-bottom: 1.25rem;
  background: var(--bad-ground);
  color: var(--bad);
  border: 1px solid currentColor;
}
[data-connection="gone"] #content { filter: grayscale(1); }
#notice:not(.unseen) {
  position: fixed; inset: auto 1rem 1rem; z-index: 1;
  margin: 0 auto; width: fit-content; max-width: calc(100% - 2rem);
  background: var(--good-ground); color: var(--good); border: 1px solid currentColor;
  box-shadow: var(--shadow);
}
#notice[data-kind="failed"]:not(.unseen) { background: var(--bad-ground); color: var(--bad); }
#sign-in { max-width: 26rem; margin: 3rem auto; }
#sign-in form { display: grid; gap: 0.5rem; margin-top: 1rem; }
#sign-in button { margin-top: 0.4rem; justify-self: start; }

@media (max-width: 48rem) {
  nav { margin-left: 0; }
  .tiles { grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); }
  .tile { padding: 0.65rem 0.85rem; }
  .tile:first-child { grid-column: 1 / -1; }
  .figure { font-size: 1.25rem; }
  .card { padding: 0.9rem; }
}
@media (prefers-reduced-motion: no-preference) {
  html { scroll-behavior: smooth; }
  button, input { transition: background-color 120ms, border-color 120ms; }
}
`;
