// A state in a word, with its colour and icon.
import { find, setAttribute, setText } from './dom.ts';

export type BadgeState = 'up' | 'down' | 'barred' | 'differs';

/** Shows a state in the element `.state` below a root. @returns what sets it */
export function badgeIn(root: ParentNode): (state: BadgeState, word: string) => void {
  const badge = find('.state', root);
  const icon = find('use', badge);
  const text = find('.word', badge);
  return (state, word) => {
    setAttribute(badge, 'data-state', state);
    setAttribute(icon, 'href', `#icon-${state}`);
    setText(text, word);
  };
}
