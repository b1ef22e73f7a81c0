/** Colours of both schemes. Text has a contrast of at least 4.5 on every ground under it, pictures of 3. */
export const COLOURS = `
:root {
  color-scheme: light dark;
  --ground: #f4f6f8;
  --surface: #ffffff;
  --raised: #f7f9fb;
  --text: #1a2230;
  --muted: #566173;
  --border: #dde2e9;
  --edge: #7d8899;
  --accent: #1f5fb4;
  --on-accent: #ffffff;
  --good: #12693a; --good-ground: #e4f4ea;
  --bad: #a61b1b; --bad-ground: #fdeaea;
  --leaving: #7a4a00; --leaving-ground: #fcf0da;
  --held: #6b3a9c; --held-ground: #f2eafa;
  --shadow: 0 1px 2px rgb(20 30 50 / 6%), 0 2px 8px rgb(20 30 50 / 4%);
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0f1319;
    --surface: #171c24;
    --raised: #1c222c;
    --text: #e4e8ef;
    --muted: #9ba6b6;
    --border: #2a323e;
    --edge: #788496;
    --accent: #86b4f5;
    --on-accent: #0f1319;
    --good: #7fd6a2; --good-ground: #14301f;
    --bad: #ff9d98; --bad-ground: #3a1a1c;
    --leaving: #f0c174; --leaving-ground: #33260f;
    --held: #cda9f5; --held-ground: #2a1f3a;
    --shadow: none;
  }
}
.colour-0 { --colour: #3a7fc4; }
.colour-1 { --colour: #c8741d; }
.colour-2 { --colour: #3a9a68; }
.colour-3 { --colour: #b0559f; }
.colour-4 { --colour: #85891f; }
.colour-5 { --colour: #c9504f; }
.colour-6 { --colour: #35919a; }
.colour-7 { --colour: #7a6fd0; }
[data-state="up"] { --state: var(--good); --state-ground: var(--good-ground); }
[data-state="down"] { --state: var(--bad); --state-ground: var(--bad-ground); }
[data-state="draining"], [data-state="differs"] { --state: var(--leaving); --state-ground: var(--leaving-ground); }
[data-state="barred"] { --state: var(--held); --state-ground: var(--held-ground); }
`;
