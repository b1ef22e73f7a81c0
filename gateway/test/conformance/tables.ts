import type { Difference } from './differences.ts';
import type { Elsewhere } from './elsewhere.ts';

/** The differences as a table of the documentation. */
export function differencesTable(differences: readonly Difference[]): string {
  return table(
    ['case', 'what the gateway does', 'why'],
    differences.map(({ id, does, why }) => [id, does, why]),
  );
}

/** The cases that are not run as a table of the documentation. */
export function elsewhereTable(elsewhere: readonly Elsewhere[]): string {
  return table(
    ['cases', 'why they are not run', 'proven by'],
    elsewhere.map(({ ids, why, by = [] }) => [
      ids.join(', '),
      why,
      by.map((name) => (name.includes('/') ? `\`${name}\`` : name)).join(', '),
    ]),
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
