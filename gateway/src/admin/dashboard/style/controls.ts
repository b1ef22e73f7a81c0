/** Buttons, links and fields. */
export const CONTROLS = `
input { font: inherit; color: inherit; }
button.primary { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
button.danger { background: var(--bad-ground); border-color: var(--bad); color: var(--bad); }
.banner button { background: transparent; border-color: currentColor; }
[aria-busy="true"] button[type="submit"] { cursor: progress; opacity: 0.7; }
[tabindex="-1"]:focus-visible { outline-offset: 4px; }

input {
  width: 100%;
  min-width: 0;
  padding: 0.35rem 0.6rem;
  min-height: 2.1rem;
  background: var(--surface);
  border: 1px solid var(--edge);
  border-radius: 0.45rem;
}
input::placeholder { color: var(--muted); opacity: 1; }
input[aria-invalid="true"] { border-color: var(--bad); }
label { font-size: 0.87rem; font-weight: 500; }
label input { display: block; margin-top: 0.2rem; font-size: 0.95rem; font-weight: 400; }
.fields { display: grid; grid-template-columns: 1fr 1fr; gap: 0.75rem; align-items: end; }
.fields .wide { grid-column: 1 / -1; }
.fields > button { justify-self: start; }
.buttons { display: flex; flex-wrap: wrap; gap: 0.5rem; }
.error { color: var(--bad); overflow-wrap: anywhere; }

dialog {
  width: min(30rem, calc(100% - 1.5rem));
  padding: 1.25rem;
  background: var(--surface);
  color: var(--text);
  border: 1px solid var(--border);
  border-radius: 0.75rem;
  box-shadow: 0 10px 40px rgb(0 0 0 / 25%);
}
dialog::backdrop { background: rgb(10 15 25 / 45%); }
dialog .buttons { margin-top: 0.4rem; }

#explain form { margin: 0.9rem 0 0; }
#explanation-summary { font-weight: 600; overflow-wrap: anywhere; }
#explanation-summary:not(:empty) {
  margin-top: 1.1rem;
  padding-top: 1rem;
  border-top: 1px solid var(--border);
}
.pairs { display: grid; gap: 0.2rem; margin: 0.75rem 0 1rem; }
.pairs > div { display: grid; grid-template-columns: 5.5rem 1fr; gap: 0.75rem; }
.pairs dt { color: var(--muted); }
.pairs dd { overflow-wrap: anywhere; }
.scroll { max-height: 28rem; overflow: auto; overscroll-behavior: contain; }
#event-list { display: grid; grid-template-columns: auto auto 1fr; column-gap: 0.75rem; list-style: none; }
#event-list li {
  display: grid; grid-column: 1 / -1; grid-template-columns: subgrid; align-items: baseline;
  padding: 0.4rem 0.2rem; border-top: 1px solid var(--border);
}
#event-list li:first-child { border-top: 0; }
#event-list p { overflow-wrap: anywhere; }
time, .pool-name { color: var(--muted); font-size: 0.87rem; }
.tag {
  justify-self: start; padding: 0 0.5rem;
  background: var(--raised); border: 1px solid var(--border); border-radius: 1rem;
  font-size: 0.82rem; overflow-wrap: anywhere;
}
#events .scroll { margin-top: 0.6rem; }
@media (max-width: 48rem) {
  #event-list { grid-template-columns: auto 1fr; }
  #event-list p { grid-column: 1 / -1; }
}
`;
