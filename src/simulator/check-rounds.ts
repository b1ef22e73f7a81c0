// Health checks as plain calls on the virtual clock: what `HealthChecker` does by promises.
import type { Balancer } from '../balancer/balancer.ts';
import { RiseAndFall } from '../health/rise-and-fall.ts';
import { CallbackJob } from './job.ts';
import type { Random } from './random.ts';
import type { Run } from './run.ts';
import type { SimulatedHealth } from './scenario.ts';
import type { SimulatedServer } from './simulated-server.ts';

const SPREAD_MS = 1_000;
const FAST_MS = 1_000;
const JITTER = 0.1;
const CHECK_MS = 1;

/** The checks of one balancer. They run as long as the simulation does. */
export class CheckRounds {
  readonly #run: Run;
  readonly #balancer: Balancer<never>;
  readonly #settings: Required<SimulatedHealth>;
  readonly #random: Random;
  /** Ids of backends that are ejected: a check that passes may end that. */
  readonly #ejected = new Set<string>();

  /** @param numbers - of all backends by their ids */
  constructor(
    run: Run,
    balancer: Balancer<never>,
    settings: Required<SimulatedHealth>,
    random: Random,
    numbers: ReadonlyMap<string, number>,
  ) {
    this.#run = run;
    this.#balancer = balancer;
    this.#settings = settings;
    this.#random = random;
    balancer.subscribe((event) => {
      if (event.type === 'ejected') this.#ejected.add(event.backend);
      else if (event.type === 'returned') this.#ejected.delete(event.backend);
    });
    for (const [id, number] of numbers) {
      const { fall, rise } = settings;
      const check = this.#checkOf(id, run.servers[number] as SimulatedServer, new RiseAndFall(fall, rise));
      run.env.after(random() * Math.min(SPREAD_MS, settings.intervalMs * JITTER), check);
    }
  }

  #checkOf(id: string, server: SimulatedServer, judgement: RiseAndFall): () => void {
    const { env } = this.#run;
    const { intervalMs, timeoutMs } = this.#settings;
    const check = () => {
      if (!this.#balancer.has(id)) {
        env.after(intervalMs, check);
        return;
      }
      const beganAt = env.now;
      let isOver = false;
      const end = (passed: boolean) => {
        if (isOver) return;
        isOver = true;
        cancel();
        if (this.#balancer.has(id)) this.#judge(id, judgement, passed, beganAt);
        const isUnclear = judgement.isInBetween || this.#ejected.has(id);
        const delayMs = isUnclear ? Math.min(FAST_MS, intervalMs) : intervalMs;
        env.after(delayMs * (1 + JITTER * (2 * this.#random() - 1)), check);
      };
      const cancel = env.timers.schedule(() => end(false), timeoutMs, true);
      // It takes no place among the requests: pages of health are small.
      server.receive(
        new CallbackJob('health', CHECK_MS, (result) => end(result === 200)),
        server.conduct === 'well' ? (server.errors?.ratio === 1 ? server.errors.status : 200) : undefined,
      );
    };
    return check;
  }

  #judge(id: string, judgement: RiseAndFall, passed: boolean, beganAt: number): void {
    const turn = judgement.record(passed);
    this.#balancer.checked(id, { passed, beganAt });
    if (turn === 'down') this.#balancer.markDown(id, 'check failed');
    else if (turn === 'up') this.#balancer.markUp(id);
  }
}
