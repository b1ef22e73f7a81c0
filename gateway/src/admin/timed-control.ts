// A time limit for calls that may have to wait for workers.
import type { Control } from '../contracts.ts';
import { AdminError } from './admin-error.ts';

/** Wraps a control so that each call rejects after `limitMs` milliseconds. */
export function timedControl(control: Control, limitMs: number): Control {
  return {
    stats: () => inTime(control.stats(), limitMs),
    explain: (query) => inTime(control.explain(query), limitMs),
    plan: (query) => inTime(control.plan(query), limitMs),
    change: (command) => inTime(control.change(command), limitMs),
  };
}

async function inTime<T>(work: Promise<T>, limitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const message = 'the gateway did not answer in time; a change may still come into effect';
    const giveUp = () => reject(new AdminError(504, 'ERR_ADMIN_TIMEOUT', message));
    timer = setTimeout(giveUp, limitMs).unref();
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
