/** The look that all pages share: text, links, cards, and what is there for screen readers alone. */
export const BASIS = `
*, *::before, *::after { box-sizing: border-box; }
[hidden] { display: none !important; }
html { -webkit-text-size-adjust: 100%; scroll-padding-top: 1rem; }
body {
  margin: 0 auto;
  padding: 1.25rem clamp(0.75rem, 2.5vw, 2rem) 3rem;
  background: var(--ground);
  color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  font-variant-numeric: tabular-nums;
}
h1, h2, h3, p, dl, dd, ol, ul, figure, fieldset { margin: 0; padding: 0; border: 0; }
code { font: 0.87em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
a { color: var(--accent); text-underline-offset: 0.2em; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.muted { color: var(--muted); font-size: 0.87rem; font-weight: 400; }
.card {
  margin-bottom: 1.25rem;
  padding: 1.1rem 1.25rem;
  background: var(--surface);
  border: 1px solid var(--border);
  border-radius: 0.75rem;
  box-shadow: var(--shadow);
}
.unseen {
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap;
}
button {
  padding: 0.3rem 0.75rem;
  min-height: 2rem;
  font: inherit;
  font-size: 0.9rem;
  font-weight: 500;
  color: inherit;
  background: var(--surface);
  border: 1px solid var(--edge);
  border-radius: 0.45rem;
  cursor: pointer;
}
button:hover { background: var(--raised); border-color: var(--text); }
`;
