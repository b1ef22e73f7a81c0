import type { Control } from '../contracts.ts';
import { AdminError } from './admin-error.ts';

/** The same, where whoever asks waits no longer than so many milliseconds. */
export function timedControl(control: Control, limitMs: number): Control {
  return {
    stats: () => inTime(control.stats(), limitMs),
    explain: (query) => inTime(control.explain(query), limitMs),
    change: (command) => inTime(control.change(command), limitMs),
  };
}

function inTime<T>(work: Promise<T>, limitMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = () => {
      const message = 'the gateway did not answer in time; a change may still come into effect';
      reject(new AdminError(504, 'ERR_ADMIN_TIMEOUT', message));
    };
    const timer = setTimeout(giveUp, limitMs).unref();
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
