import { createHash } from 'node:crypto';
import { MARKUP } from './markup.ts';
import { script } from './script.ts';
import { STYLE } from './style/style.ts';
import { TEMPLATES } from './templates.ts';

/** The page and what it must be served with. */
export interface DashboardPage {
  readonly html: string;
  /** Value of the header `Content-Security-Policy`: nothing runs and nothing loads but what is in the page. */
  readonly contentSecurityPolicy: string;
}

let page: DashboardPage | undefined;

/** The dashboard: one page that asks `stats`, beside it, for all that it shows. */
export function dashboardPage(): DashboardPage {
  page ??= build();
  return page;
}

/** A picture of its own, so that browsers ask for no other: a ring in four parts. */
const ICON = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 20"><circle cx="10" cy="10" r="7" fill="none"' +
    ' stroke="#2f6fc4" stroke-width="4" stroke-dasharray="9 2" transform="rotate(-90 10 10)"/></svg>',
)}`;

function build(): DashboardPage {
  const code = script();
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>evenkeel</title>
<link rel="icon" href="${ICON}">
<style>${STYLE}</style>
</head>
<body>
${MARKUP}
${TEMPLATES}
<script>${code}</script>
</body>
</html>
`;
  return { html, contentSecurityPolicy: policy(code) };
}

function policy(code: string): string {
  return [
    `default-src 'none'`,
    `script-src ${sourceOf(code)}`,
    `style-src ${sourceOf(STYLE)}`,
    `img-src data:`,
    `connect-src 'self'`,
    `base-uri 'none'`,
    `form-action 'none'`,
    `frame-ancestors 'none'`,
    // Text can become neither markup nor code, whoever wrote it.
    `require-trusted-types-for 'script'`,
    `trusted-types 'none'`,
  ].join('; ');
}

/** @see https://www.w3.org/TR/CSP3/#grammardef-hash-source */
function sourceOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
