import { readFileSync } from 'node:fs';

/** The hard limit of open files. Node raises its own limit to it at the start. */
export function openFiles(): number {
  const limits = readFileSync('/proc/self/limits', 'latin1');
  const hard = /^Max open files +\S+ +(\S+)/m.exec(limits)?.[1];
  return hard === 'unlimited' ? Number.POSITIVE_INFINITY : Number(hard);
}
