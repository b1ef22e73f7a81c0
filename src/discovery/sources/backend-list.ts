// A list of backends as people write it.

import { isObject } from '../../options/rule.ts';
import { shown } from '../../shown.ts';
import type { DiscoveredBackend } from '../discovery.ts';

/**
 * Backends of a list, or of an object with a list `backends`. An entry is a URL or an object.
 * @throws TypeError if there is no list
 */
export function backendList(value: unknown): DiscoveredBackend[] {
  const list = isObject(value) ? value.backends : value;
  if (!Array.isArray(list))
    throw new TypeError(`backends must be a list, or an object with a list backends, got ${shown(value)}`);
  return list.map((entry) => (typeof entry === 'string' ? { url: entry } : entry));
}
