// Health checks by two of many: the members of a fleet choose by rendezvous hashing which of them check a
// backend, and the others follow what these find.

import { aConcurrency, canonicalId } from '../balancer/address.ts';
import type { WorkloadReport } from '../balancer/workload.ts';
import { digest, hashKey, mix } from '../hashing/hash.ts';
import type { CheckGuide, GuidedChecks, Judgement } from '../health/check-guide.ts';
import type { HealthChecker } from '../health/health-checker.ts';
import { bag, checkBag } from '../options/bag.ts';
import { aFunction, anInteger, anObjectWith, aText, checkRule } from '../options/rule.ts';
import type { Backend } from '../strategies/strategy.ts';
import type { Held } from './fleet-store.ts';
import {
  type FleetMember,
  Member,
  type MemberView,
  type Peer,
  type PoolBeat,
  type PoolPart,
} from './member.ts';

/** Settings of {@link shareChecks}. */
export interface ShareChecksOptions {
  /** Name of the pool: checkers of one name and the same checks share them. @defaultValue `'default'` */
  readonly pool?: string;
  /** How many members check a backend. @defaultValue 2, or 1 if all members run on one machine */
  readonly checkers?: number;
  /**
   * What else tells these checks from others, such as the name of a function that they use.
   * @defaultValue none
   */
  readonly definition?: string;
  /** Called when another member tells what a backend has responded. @defaultValue none */
  readonly responded?: (backend: Backend, status: number) => void;
}

/** Figures of {@link SharedChecks}. */
export interface SharedChecksStats {
  /** Whether the store answers; while it does not, each member checks all backends. */
  readonly connected: boolean;
  /** Members that check this pool in the same way, this one among them. */
  readonly members: number;
  /** Members with the same name of a pool and other checks. */
  readonly strangers: number;
  /** Backends that are checked here. */
  readonly own: number;
  /** Of these, those whose state is what this member alone finds. */
  readonly alone: number;
  /** Backends that members disagree about. */
  readonly disputed: number;
  /** Age of the oldest state that others have told, in milliseconds; `undefined` without one. */
  readonly ageMs: number | undefined;
}

/** A health checker that shares its work. */
export interface SharedChecks {
  stats(): SharedChecksStats;
  /** Ends it; the checker checks all backends itself. */
  close(): void;
}

const OPTIONS = bag<ShareChecksOptions>({
  pool: aText,
  checkers: anInteger(1),
  definition: aText,
  responded: aFunction,
});

/**
 * Lets the members of a fleet check backends for each other: two members check each backend, and all take it
 * as down if both do, as up if one does. Who checks is a function of the members that live and of the id of
 * the backend (rendezvous hashing), so that nothing has to be agreed on, and little moves when a member comes
 * or goes.
 *
 * A member checks for itself, and believes only that: while the store is away; where those who should check
 * tell nothing, or disagree for long; and where its own requests make it eject a backend, and its checks
 * confirm that.
 * @param member - of {@link joinFleet}
 * @throws TypeError or RangeError that names the argument or option; Error if its checks are shared already
 * @example `shareChecks(new HealthChecker(balancer, http), joinFleet(store), { pool: 'shop' })`
 */
export function shareChecks(
  checker: HealthChecker,
  member: FleetMember,
  options: ShareChecksOptions = {},
): SharedChecks {
  checkRule(anObjectWith('guide'), checker, 'checker');
  checkRule({ words: 'a member of joinFleet', holds: (value) => value instanceof Member }, member, 'member');
  checkBag(options, OPTIONS, 'shareChecks');
  return new Sharing(checker, member as Member, options);
}

/** What a member has found. */
interface Verdict {
  readonly state: 'up' | 'down';
  readonly isUnclear: boolean;
  readonly failure: string | undefined;
  readonly status: number | undefined;
  readonly report: WorkloadReport | undefined;
  /** Of the backend, where it is not the id. */
  readonly url: string | undefined;
}

/** A backend that is checked. */
interface Subject {
  readonly backend: Backend;
  readonly hash: number;
  url: { readonly written: string; readonly canonical: string };
  /** Members that are to check it. */
  checkers: readonly string[];
  /** What is found here; `undefined` while it is not checked here. */
  judgement: Judgement | undefined;
  /** When it was checked here last, or was to be from then on. */
  checkedAt: number;
  /** What this member tells of it; empty for nothing. */
  told: string;
  /** Whether only what is found here counts. */
  isAlone: boolean;
  missingSince: number | undefined;
  disputedSince: number | undefined;
}

/** Members that begin to check a backend because another one has gone do so within this time. */
const SPREAD_MS = 1_000;
/** So many backends are gone through at a time. */
const SLICE = 500;
/** How long the first verdict of a member may take, beyond a check. */
const GRACE_MS = 1_000;
/** Of the reason for a failure, which may have text of the backend. */
const MAX_REASON = 200;
/** Backends that others have told of; of more nothing is kept. */
const MAX_TOLD = 100_000;

class Sharing implements SharedChecks, PoolPart, CheckGuide {
  readonly #member: Member;
  readonly #pool: string;
  readonly #count: number;
  readonly #responded: (backend: Backend, status: number) => void;
  readonly #subjects = new Map<string, Subject>();
  /** By backend and member. Some backends may not be known here yet. */
  readonly #verdicts = new Map<string, Map<string, Verdict>>();
  readonly #checks: GuidedChecks;
  readonly #definition: string;
  readonly #leave: () => void;
  /** Members that check this pool in the same way, itself among them, with the hashes of their ids. */
  #crew: readonly (MemberView & { readonly hash: number })[] = [];
  #peers: ReadonlyMap<string, Peer> = new Map();
  /** Those of which nothing current has come, although they live. */
  #stale: ReadonlySet<string> = new Set();
  #strangers = 0;
  #cancelReview = () => {};
  #isClosed = false;

  constructor(checker: HealthChecker, member: Member, options: ShareChecksOptions) {
    const { pool = 'default', checkers = member.store.isOneMachine === true ? 1 : 2 } = options;
    this.#member = member;
    this.#pool = pool;
    this.#count = checkers;
    this.#responded = options.responded ?? (() => {});
    this.#checks = checker.guide(this);
    this.#definition = digest(JSON.stringify([this.#checks.definition, options.definition, checkers]));
    this.#leave = member.attend(pool, this);
    this.changed();
  }

  stats(): SharedChecksStats {
    const subjects = [...this.#subjects.values()];
    const count = (holds: (subject: Subject) => boolean) => subjects.filter(holds).length;
    const tellers = new Set(
      subjects.flatMap((subject) => (this.#isChecked(subject) ? [] : subject.checkers)),
    );
    const ages = [...tellers].flatMap((id) => this.#ageOf(this.#peers.get(id)) ?? []);
    return {
      connected: this.#member.isConnected,
      members: this.#crew.length,
      strangers: this.#strangers,
      own: count((subject) => this.#isChecked(subject)),
      alone: count(({ isAlone }) => isAlone),
      disputed: count(({ disputedSince }) => disputedSince !== undefined),
      ageMs: ages.length === 0 ? undefined : Math.max(...ages),
    };
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const subject of this.#subjects.values()) this.#takeBack(subject);
    this.#leave();
    this.#checks.end();
  }

  added(backend: Backend): void {
    const subject: Subject = {
      backend,
      hash: hashKey(backend.id, 0),
      url: { written: '', canonical: '' },
      checkers: [],
      judgement: undefined,
      checkedAt: this.#now,
      told: '',
      isAlone: false,
      missingSince: undefined,
      disputedSince: undefined,
    };
    this.#subjects.set(backend.id, subject);
    // With a timer, as this may be in the middle of a decision.
    this.#member.env.timers.schedule(
      () => {
        if (this.#isClosed || this.#subjects.get(backend.id) !== subject) return;
        this.#choose(subject);
        this.#decide(subject);
      },
      0,
      true,
    );
  }

  removed(id: string): void {
    const subject = this.#subjects.get(id);
    this.#subjects.delete(id);
    if (subject !== undefined) this.#takeBack(subject);
  }

  judged({ id }: Backend, judgement: Judgement): void {
    const subject = this.#subjects.get(id);
    if (subject === undefined) return;
    subject.judgement = judgement;
    subject.checkedAt = this.#now;
    this.#decide(subject);
  }

  beat(): PoolBeat {
    const ages = [...this.#subjects.values()].flatMap((subject) =>
      this.#isOwn(subject) ? this.#now - subject.checkedAt : [],
    );
    return { definition: this.#definition, ageMs: ages.reduce((most, age) => Math.max(most, age), 0) };
  }

  all(): readonly Held[] {
    return [...this.#subjects.values()].flatMap(({ backend, told }): Held[] =>
      told === '' ? [] : [[backend.id, told]],
    );
  }

  /** Who is there decides who checks what. */
  changed(): void {
    if (this.#isClosed) return;
    this.#look();
    const self = this.#member.self;
    const others = [...this.#peers.values()].filter(({ beat }) => beat.definition === this.#definition);
    this.#crew = [self, ...others].map(({ id, place }) => ({ id, place, hash: hashKey(id, 0) }));
    const strangers = this.#peers.size - others.length;
    if (strangers > 0 && this.#strangers === 0)
      this.#member.report(
        `fleet: pool ${JSON.stringify(this.#pool)} has other health checks at ${strangers} of ${this.#peers.size + 1} members: another fleet under the same prefix, or another configuration; they are not shared`,
      );
    this.#strangers = strangers;
    this.#cancelReview();
    this.#review([...this.#subjects.values()]);
  }

  /** In slices, as a large pool would hold up requests. */
  #review(subjects: readonly Subject[]): void {
    for (const subject of subjects.slice(0, SLICE)) {
      if (this.#subjects.get(subject.backend.id) !== subject) continue;
      this.#choose(subject);
      this.#decide(subject);
    }
    const rest = subjects.slice(SLICE);
    this.#cancelReview =
      rest.length === 0
        ? () => {}
        : this.#member.env.timers.schedule(() => this.#isClosed || this.#review(rest), 0, true);
  }

  passed(): void {
    if (this.#isClosed) return;
    const before = this.#stale;
    this.#look();
    const isSame = before.size === this.#stale.size && [...before].every((id) => this.#stale.has(id));
    for (const subject of [...this.#subjects.values()]) {
      const { missingSince, disputedSince } = subject;
      if (!isSame || missingSince !== undefined || disputedSince !== undefined) this.#decide(subject);
    }
  }

  told(member: string, id: string, value: string): void {
    const verdict = verdictIn(value);
    const of = this.#verdicts.get(id);
    const before = of?.get(member);
    if (verdict !== undefined) {
      if (of !== undefined) of.set(member, verdict);
      else if (this.#verdicts.size < MAX_TOLD) this.#verdicts.set(id, new Map([[member, verdict]]));
    } else if (of?.delete(member) && of.size === 0) this.#verdicts.delete(id);
    const subject = this.#subjects.get(id);
    if (subject === undefined || this.#isClosed || !subject.checkers.includes(member)) return;
    if (verdict !== undefined) this.#learn(subject, verdict, before);
    this.#decide(subject);
  }

  #learn(subject: Subject, verdict: Verdict, before: Verdict | undefined): void {
    const { backend, judgement } = subject;
    if (!isOf(verdict, subject)) return;
    if (verdict.status !== undefined) this.#responded(backend, verdict.status);
    if (!this.#isChecked(subject)) {
      if (verdict.report !== undefined) this.#checks.report(backend.id, verdict.report);
      return;
    }
    // Another one sees a change coming: two that look at the same time agree sooner.
    const isNews =
      before === undefined || before.state !== verdict.state || before.isUnclear !== verdict.isUnclear;
    const isContrary = verdict.isUnclear || verdict.state !== judgement?.state;
    if (isNews && isContrary && judgement !== undefined && !judgement.isUnclear)
      this.#checks.hurry(backend.id);
  }

  get #now(): number {
    return this.#member.env.clock.now();
  }

  #isOwn({ checkers }: Subject): boolean {
    return checkers.includes(this.#member.id);
  }

  #isChecked(subject: Subject): boolean {
    return subject.isAlone || this.#isOwn(subject);
  }

  #ageOf(peer: Peer | undefined): number | undefined {
    return peer && peer.beat.ageMs + this.#now - peer.heardAt;
  }

  #look(): void {
    const { isConnected } = this.#member;
    const { interval, timeout } = this.#checks.paceMs;
    const maxAgeMs = 3 * (1.1 * interval + timeout) + this.#member.ttlMs;
    const peers = isConnected ? this.#member.peersOf(this.#pool) : [];
    this.#peers = new Map(peers.map((peer) => [peer.id, peer]));
    const stale = peers.filter((peer) => (this.#ageOf(peer) ?? 0) > maxAgeMs);
    this.#stale = new Set(stale.map(({ id }) => id));
  }

  /** By rendezvous hashing. Those after the first are at other places where that can be. O(members). */
  #choose(subject: Subject): void {
    const ranked = this.#crew
      .map((member) => ({ ...member, rank: mix(member.hash ^ subject.hash) >>> 0 }))
      .sort((a, b) => b.rank - a.rank || (a.id < b.id ? -1 : 1));
    const places = new Set<string>();
    const [elsewhere, same]: [string[], string[]] = [[], []];
    for (const { id, place } of ranked) {
      const isTaken = place !== undefined && places.has(place);
      if (place !== undefined) places.add(place);
      (isTaken ? same : elsewhere).push(id);
    }
    const wasOwn = this.#isOwn(subject);
    subject.checkers = [...elsewhere, ...same].slice(0, this.#count);
    if (!wasOwn) subject.checkedAt = this.#now;
  }

  /** Judges a backend by what is known, and sees to it that it is checked where it has to be. */
  #decide(subject: Subject): void {
    const { backend } = subject;
    const isOwn = this.#isOwn(subject);
    const wasChecked = this.#isChecked(subject);
    const known = subject.checkers.flatMap((id) => this.#verdictOf(subject, id) ?? []);
    const isUp = known.some(({ state }) => state === 'up');
    const isDown = known.some(({ state }) => state === 'down');
    this.#noteTime(subject, known.length === 0, isUp && isDown);
    const contradicts = !isOwn && isUp && subject.judgement?.state === 'down';
    subject.isAlone = !this.#member.isConnected || contradicts || this.#isUnsettled(subject);
    const isChecked = isOwn || subject.isAlone;
    this.#checks.setOwn(backend.id, isChecked, this.#delay());
    if (!isChecked) subject.judgement = undefined;
    else if (!wasChecked) subject.checkedAt = this.#now;
    this.#tellOf(subject);
    const counting = subject.isAlone
      ? subject.judgement
      : known.find(({ state }) => state === (isUp ? 'up' : 'down'));
    if (counting === undefined || counting.state === 'unknown') return;
    this.#checks.apply(backend.id, counting.state, subject.judgement?.failure ?? counting.failure);
  }

  #noteTime(subject: Subject, isMissing: boolean, isDisputed: boolean): void {
    subject.missingSince = isMissing ? (subject.missingSince ?? this.#now) : undefined;
    subject.disputedSince = isDisputed ? (subject.disputedSince ?? this.#now) : undefined;
  }

  /** Whether others have told nothing, or different things, for longer than they should need. */
  #isUnsettled({
    missingSince = Number.POSITIVE_INFINITY,
    disputedSince,
    backend,
    isAlone,
  }: Subject): boolean {
    const { fastInterval, timeout } = this.#checks.paceMs;
    if (this.#now - missingSince > GRACE_MS + SPREAD_MS + timeout) return true;
    if (
      disputedSince === undefined ||
      this.#now - disputedSince <= this.#checks.fall * (fastInterval + timeout)
    )
      return false;
    if (!isAlone)
      this.#member.report(
        `fleet: members that check ${backend.id} of pool ${JSON.stringify(this.#pool)} disagree: each checks it for itself`,
      );
    return true;
  }

  #verdictOf(subject: Subject, id: string): Judgement | Verdict | undefined {
    if (id === this.#member.id) return subject.judgement;
    const verdict = this.#verdicts.get(subject.backend.id)?.get(id);
    return verdict !== undefined && isOf(verdict, subject) && !this.#stale.has(id) ? verdict : undefined;
  }

  /** Nothing is urgent where all begin at once because the store has gone. */
  #delay(): number {
    const { interval } = this.#checks.paceMs;
    return this.#member.env.random() * (this.#member.isConnected ? Math.min(interval, SPREAD_MS) : interval);
  }

  #tellOf(subject: Subject): void {
    const { backend, judgement } = subject;
    if (!this.#isOwn(subject) || !this.#member.isConnected) {
      this.#takeBack(subject);
      return;
    }
    if (judgement === undefined || judgement.state === 'unknown') return;
    const value = textOf(judgement, backend.id, urlOf(subject));
    if (value === subject.told) return;
    // State and doubt are its first two characters.
    const isUrgent = value.slice(0, 2) !== subject.told.slice(0, 2);
    subject.told = value;
    this.#member.tell(this.#pool, backend.id, value, isUrgent);
  }

  #takeBack(subject: Subject): void {
    if (subject.told === '') return;
    subject.told = '';
    this.#member.tell(this.#pool, subject.backend.id, '', false);
  }
}

/** Whether a verdict is on the URL that the backend has here. */
function isOf({ url }: Verdict, subject: Subject): boolean {
  return (url ?? subject.backend.id) === urlOf(subject);
}

/** In the one spelling that ids have. */
function urlOf(subject: Subject): string {
  const { url } = subject.backend;
  if (subject.url.written !== url) subject.url = { written: url, canonical: canonicalId(url) };
  return subject.url.canonical;
}

/** Two letters, then JSON. */
function textOf({ state, isUnclear, failure, status, report }: Judgement, id: string, url: string): string {
  const used = Object.entries(report ?? {}).filter(([, value]) => value !== undefined);
  const rest = {
    ...(failure !== undefined && { failure: failure.slice(0, MAX_REASON) }),
    ...(status !== undefined && { status }),
    ...(used.length > 0 && { report: Object.fromEntries(used) }),
    ...(url !== id && { url }),
  };
  return `${state === 'up' ? 'u' : 'd'}${isUnclear ? '?' : '.'}${JSON.stringify(rest)}`;
}

/** `undefined` for text that another program wrote, and for none. */
function verdictIn(text: string): Verdict | undefined {
  if (!/^[ud][?.]\{/.test(text)) return undefined;
  try {
    const { failure, status, report, url } = JSON.parse(text.slice(2)) as Record<string, unknown>;
    return {
      state: text[0] === 'u' ? 'up' : 'down',
      isUnclear: text[1] === '?',
      failure: typeof failure === 'string' ? failure : undefined,
      status: typeof status === 'number' ? status : undefined,
      report: isReport(report) ? report : undefined,
      url: typeof url === 'string' ? url : undefined,
    };
  } catch {
    return undefined;
  }
}

function isReport(report: unknown): report is WorkloadReport {
  if (typeof report !== 'object' || report === null) return false;
  return Object.entries(report).every(
    ([name, value]) =>
      typeof value === 'number' &&
      (name === 'concurrency' ? aConcurrency.holds(value) : value >= 0 && value <= 1),
  );
}
