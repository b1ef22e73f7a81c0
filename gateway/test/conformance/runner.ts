import { type Case, Finding } from './case.ts';
import { differences } from './differences.ts';
import { Lab } from './lab.ts';
import type { Target } from './target.ts';

/**
 * `differs`: does not do it, on purpose, as the list of differences says. `none`: the target cannot be asked.
 */
export type Verdict = 'pass' | 'differs' | 'FAIL' | 'none';

export interface Outcome {
  readonly id: string;
  readonly title: string;
  readonly verdict: Verdict;
  readonly note: string;
  readonly ms: number;
}

/** No case may take longer: whatever hangs is a finding. */
const CASE_TIMEOUT_MS = 45_000;

/** What ends each case that runs now. */
const running = new Set<(finding: Finding) => void>();

/** An exception that nobody caught is a finding of every case that runs. */
export function crashed(error: unknown): void {
  for (const end of running) end(new Finding(`uncaught exception: ${(error as Error)?.stack ?? error}`));
}

/**
 * Runs a case with a target of its own, and looks whether that target still serves others.
 * @throws Finding where it does not do what it owes
 */
async function runCase(candidate: Case, target: Target): Promise<string> {
  const lab = new Lab(target);
  const { promise: broken, reject } = rejection();
  const timer = setTimeout(() => reject(new Finding('hangs')), CASE_TIMEOUT_MS);
  running.add(reject);
  try {
    const note = await Promise.race([candidate.run(lab), broken]);
    await Promise.race([lab.confirmAlive(), broken]);
    return note;
  } finally {
    clearTimeout(timer);
    running.delete(reject);
    await lab.close();
  }
}

function rejection(): { promise: Promise<never>; reject: (finding: Finding) => void } {
  let reject: (finding: Finding) => void = () => {};
  const promise = new Promise<never>((_resolve, rejectPromise) => {
    reject = rejectPromise;
  });
  promise.catch(() => {});
  return { promise, reject };
}

/** Whether a target can be asked at all. */
function applies({ needs }: Case, target: Target): boolean {
  if (needs === 'configuration') return target.own;
  return needs !== 'http2' || target.http2;
}

/** Runs a case and gives its verdict; differences are granted to the project's own target alone. */
export async function judge(candidate: Case, target: Target): Promise<Outcome> {
  const { id, title } = candidate;
  const startedAt = performance.now();
  const outcome = (verdict: Verdict, note: string): Outcome => ({
    id,
    title,
    verdict,
    note,
    ms: performance.now() - startedAt,
  });
  if (!applies(candidate, target)) return outcome('none', `needs ${candidate.needs}`);
  const difference = target.own ? differences.find((entry) => entry.id === id) : undefined;
  try {
    const note = await runCase(candidate, target);
    if (difference === undefined) return outcome('pass', note);
    return outcome('FAIL', 'passes, and stands in the list of differences');
  } catch (error) {
    const message = error instanceof Finding ? error.message : String((error as Error).stack);
    if (difference === undefined) return outcome('FAIL', message);
    return outcome('differs', `${difference.does}: ${difference.why}`);
  }
}

/** Runs cases, some at a time, beside those that only wait; those that must be alone come last. */
export async function runAll(
  cases: readonly Case[],
  target: Target,
  concurrency: number,
  onOutcome: (outcome: Outcome) => void,
): Promise<Outcome[]> {
  const outcomes = new Map<string, Outcome>();
  const work = async (queue: Case[]) => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const outcome = await judge(next, target);
      outcomes.set(next.id, outcome);
      onOutcome(outcome);
    }
  };
  const together = cases.filter(({ alone, slow }) => !alone && !slow);
  const waiting = cases.filter(({ alone, slow }) => !alone && slow);
  const lanes = Array.from({ length: concurrency }, () => work(together));
  await Promise.all([...lanes, ...waiting.map((candidate) => work([candidate]))]);
  await work(cases.filter(({ alone }) => alone));
  return cases.map(({ id }) => outcomes.get(id) as Outcome);
}
