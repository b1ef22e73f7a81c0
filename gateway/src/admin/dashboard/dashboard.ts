// Puts the dashboard's page together, and the content security policy that it is served with.
import { createHash } from 'node:crypto';
import { MARKUP } from './markup.ts';
import { script } from './script.ts';
import { STYLE } from './style/style.ts';
import { TEMPLATES } from './templates.ts';

/** The page and its policy. */
export interface DashboardPage {
  readonly html: string;
  /**
   * Value of the header `Content-Security-Policy`: only the page's own script and style run, and nothing else
   * loads.
   */
  readonly contentSecurityPolicy: string;
}

let page: DashboardPage | undefined;

/** The dashboard: one page, which gets all figures from `stats`, beside it. */
export function dashboardPage(): DashboardPage {
  page ??= build();
  return page;
}

/** An icon inside the page, so that browsers do not ask for one: a ring in four parts. */
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
    // Scripts cannot turn text into markup or code.
    `require-trusted-types-for 'script'`,
    `trusted-types 'none'`,
  ].join('; ');
}

/** @see https://www.w3.org/TR/CSP3/#grammardef-hash-source */
function sourceOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
