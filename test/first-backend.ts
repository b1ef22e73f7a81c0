// For tests that need to know which backend comes first under `round-robin` and the like.
import { afterEach, beforeEach, vi } from 'vitest';
import { systemEnv } from '../src/env.ts';

/** Strategies start at a random backend. In the file that calls this, they start at the first one. */
export function startAtTheFirst(): void {
  let restore = () => {};
  beforeEach(() => {
    const spy = vi.spyOn(systemEnv, 'random').mockReturnValue(0);
    restore = () => spy.mockRestore();
  });
  afterEach(() => restore());
}
