// The commands and options of the command line.
import { Command, type OutputConfiguration } from 'commander';
import { VERSION } from '../version.ts';
import type { CheckOptions } from './check.ts';
import type { DemoOptions } from './demo.ts';
import { UsageError } from './exit-code.ts';
import type { ExplainOptions } from './explain.ts';
import {
  CHECK_HELP,
  EXPLAIN_HELP,
  IMPORT_HELP,
  MAIN_HELP,
  PLAN_HELP,
  REGISTER_HELP,
  REPLAY_HELP,
  SERVE_HELP,
  SIMULATE_HELP,
  STATUS_HELP,
} from './help.ts';
import type { ImportOptions } from './import/import.ts';
import type { Io } from './io.ts';
import {
  contenders,
  header,
  integer,
  oneOf,
  positive,
  replayKey,
  several,
  strategyName,
} from './option-values.ts';
import type { PlanOptions } from './plan.ts';
import type { RegisterCommandOptions } from './register.ts';
import { LOG_FORMATS, LOG_LEVELS, MAX_WORKERS, type ServeOptions } from './serve-options.ts';
import type { ReplayCommandOptions } from './simulation/replay.ts';
import type { SimulateCommandOptions } from './simulation/simulate.ts';
import type { StatusOptions } from './status.ts';

const MAX_PORT = 65_535;

const seconds = integer('--watch', 1, 86_400);

/**
 * Defines the commands. The code of each is loaded when it runs.
 * @param end - called with the exit code of the command that ran
 * @param args - the command line as it was given
 */
export function program(io: Io, end: (code: number) => void, args: readonly string[] = []): Command {
  const output: OutputConfiguration = {
    writeOut: (text) => void io.stdout.write(text),
    writeErr: (text) => void io.stderr.write(text),
    // The caller prints errors, once.
    outputError: () => {},
    getOutHasColors: () => false,
    getErrHasColors: () => false,
  };
  const root = new Command('evenkeel')
    .description(
      'A reverse proxy and load balancer: each key stays on one backend, and every backend gets its fair share.',
    )
    .version(VERSION, '-v, --version', 'print the version')
    .helpOption('-h, --help', 'print this help, or that of a command')
    .helpCommand('help [command]', 'the same')
    .configureOutput(output)
    .exitOverride()
    .enablePositionalOptions()
    .addHelpText('after', MAIN_HELP);
  addServe(root, io, end);
  addCheck(root, io, end);
  addExplain(root, io, end);
  addPlan(root, io, end);
  addStatus(root, io, end);
  addRegister(root, io, end);
  addSimulate(root, io, end, args);
  addReplay(root, io, end, args);
  root
    .command('import')
    .description('print a configuration of nginx or HAProxy as one of the gateway')
    .argument('<file>', 'nginx.conf or haproxy.cfg')
    .option('--from <kind>', 'nginx or haproxy (default: found out)', oneOf('--from', ['nginx', 'haproxy']))
    .addHelpText('after', IMPORT_HELP)
    .action(async (file: string, options: ImportOptions) => {
      const { importCommand } = await import('./import/import.ts');
      end(importCommand(file, options, io));
    });
  root
    .command('demo')
    .description('start example backends and a gateway in front of them')
    .option('--seconds <n>', 'stop after this many seconds', integer('--seconds', 1, 86_400))
    .action(async (options: DemoOptions) => {
      const { demo } = await import('./demo.ts');
      end(await demo(io, options));
    });
  root
    .command('schema')
    .description('print the JSON Schema of configuration files')
    .action(async () => {
      const { schema } = await import('./schema.ts');
      end(schema(io));
    });
  return root;
}

function addServe(root: Command, io: Io, end: (code: number) => void): void {
  const serve = root.command('serve');
  const health = new Set<string>();
  for (const name of ['health', 'no-health']) serve.on(`option:${name}`, () => health.add(name));
  serve
    .description('run a gateway, from a file or from options alone')
    .option('-c, --config <file>', 'configuration, YAML or JSON; read again at SIGHUP and when it changes')
    .argument('[backends...]', 'the same as --backend for each')
    .option('--backend <url>', 'URL, host:port or :port of a backend; repeatable', several)
    .option('--port <port>', 'port to listen on (default: 8080)', integer('--port', 0, MAX_PORT))
    .option('--host <address>', 'address to listen on (default: all)')
    .option('--strategy <name>', 'strategy that chooses backends (default: consistent-hash)', strategyName)
    .option('--health <path>', 'check backends at this path (default: at /health, if it is there)')
    .option('--no-health', 'check no backend')
    .option('--tls-cert <file>', 'certificate chain (PEM): serves HTTPS and HTTP/2')
    .option('--tls-key <file>', 'its key (PEM)')
    .option(
      '--admin-port <port>',
      'statistics and dashboard, on 127.0.0.1',
      integer('--admin-port', 0, MAX_PORT),
    )
    .option('--workers <n>', 'processes that serve (default: 1)', integer('--workers', 1, MAX_WORKERS))
    .option(
      '--log-level <level>',
      `${LOG_LEVELS.join(', ')} (default: info)`,
      oneOf('--log-level', LOG_LEVELS),
    )
    .option(
      '--log-format <format>',
      'json or pretty (default: pretty on a terminal)',
      oneOf('--log-format', LOG_FORMATS),
    )
    .option('--no-access-log', 'do not log requests')
    .addHelpText('after', SERVE_HELP)
    .action(async (backends: string[], options: ServeOptions) => {
      if (health.size > 1) throw new UsageError('--health and --no-health exclude each other');
      const { serve } = await import('./serve.ts');
      const backend = [...backends, ...(options.backend ?? [])];
      end(await serve(backend.length === 0 ? options : { ...options, backend }, io));
    });
}

function addReplay(root: Command, io: Io, end: (code: number) => void, args: readonly string[]): void {
  root
    .command('replay')
    .description('replay access logs: what other strategies, bounds and pools would have done')
    .argument('<logs...>', 'access logs, packed with gzip or not; - is standard input')
    .option('--format <format>', 'format of the lines, or a log_format of nginx (default: found out)')
    .option('--key <key>', 'path, ip or header:NAME (default: path)', replayKey)
    .option('--speed-up <factor>', 'how much faster than in the log', positive('--speed-up'))
    .option('--backends <n>', 'backends (default: 10)', integer('--backends', 1, 1_000))
    .option(
      '--cache <n>',
      'keys in the cache of each (default: a tenth of the paths)',
      integer('--cache', 1, 1e9),
    )
    .option('--service <ms>', 'milliseconds of a miss, if the log does not say', positive('--service'))
    .option('--bytes-per-ms <n>', 'or how many bytes take one', positive('--bytes-per-ms'))
    .option('--strategies <names>', 'what is compared, with commas between', contenders)
    .option('--seed <n>', 'another seed, another course', integer('--seed', 0, 2 ** 32 - 1))
    .option('--placements <n>', 'times with other rings', integer('--placements', 1, 100))
    .option('--html <file>', 'write a page with pictures, which loads nothing from anywhere')
    .option('--json', 'print the result as one JSON document')
    .option('--csv', 'print the table as CSV')
    .addHelpText('after', REPLAY_HELP)
    .action(async (logs: string[], options: ReplayCommandOptions) => {
      const { replayCommand } = await import('./simulation/replay.ts');
      end(await replayCommand(logs, options, args, io));
    });
}

function addSimulate(root: Command, io: Io, end: (code: number) => void, args: readonly string[]): void {
  root
    .command('simulate')
    .description('compare strategies on simulated traffic and backends; no time passes, nothing is sent')
    .argument('[scenario]', 'a preset, or a file in YAML or JSON (default: hello)')
    .option('--list', 'list the presets')
    .option('-c, --config <file>', 'configuration of a gateway whose pool is to be simulated')
    .option('--pool <name>', 'its pool, where there are several')
    .option('--strategies <names>', 'strategies to compare, with commas between', contenders)
    .option('--seed <n>', 'seed of all that is random', integer('--seed', 0, 0xffff_ffff))
    .option('--requests <n>', 'requests for each contender', integer('--requests', 1, 100_000_000))
    .option('--placements <n>', 'how often each contender gets them', integer('--placements', 1, 100))
    .option('--html <file>', 'write a page with pictures')
    .option('--json', 'print one JSON document')
    .option('--csv', 'print the table as comma-separated values')
    .addHelpText('after', SIMULATE_HELP)
    .action(async (scenario: string | undefined, options: SimulateCommandOptions) => {
      const { simulateCommand } = await import('./simulation/simulate.ts');
      end(await simulateCommand(scenario, options, args, io));
    });
}

function addCheck(root: Command, io: Io, end: (code: number) => void): void {
  root
    .command('check')
    .description('check a configuration, and print a summary of it')
    .option('-c, --config <file>', 'configuration, YAML or JSON')
    .argument('[file]', 'the same as --config')
    .addHelpText('after', CHECK_HELP)
    .action(async (file: string | undefined, options: Partial<CheckOptions>) => {
      const { config = file } = options;
      if (config !== (file ?? config))
        throw new UsageError(`check takes one configuration, got ${config} and ${file}`);
      if (config === undefined) throw new UsageError('check needs a configuration: -c FILE');
      const { check } = await import('./check.ts');
      end(await check({ config }, io));
    });
}

function addPlan(root: Command, io: Io, end: (code: number) => void): void {
  root
    .command('plan')
    .description('print which keys another configuration would move, before a reload')
    .requiredOption('-c, --config <file>', 'configuration in use, YAML or JSON')
    .requiredOption('--to <file>', 'configuration that is to replace it')
    .option('--json', 'print one JSON document')
    .addHelpText('after', PLAN_HELP)
    .action(async (options: PlanOptions) => {
      const { plan } = await import('./plan.ts');
      end(await plan(options, io));
    });
}

function addStatus(root: Command, io: Io, end: (code: number) => void): void {
  root
    .command('status')
    .description('print how a running gateway is: pools, backends, sources, the gateways of its fleet')
    .option('--admin <url>', 'its admin listener', 'http://127.0.0.1:9901')
    .option('--token <token>', 'its token; EVENKEEL_ADMIN_TOKEN does not show in lists of processes')
    .option('--watch [seconds]', 'again after so many seconds (default: 1), until Ctrl-C', seconds)
    .option('--json', 'print one JSON document')
    .addHelpText('after', STATUS_HELP)
    .action(async (options: StatusOptions) => {
      const { status } = await import('./status.ts');
      end(await status(options, io));
    });
}

function addRegister(root: Command, io: Io, end: (code: number) => void): void {
  root
    .command('register')
    .description('keep a server registered as a backend while it runs')
    .argument('[command...]', 'starts the server; left out: it runs already')
    .requiredOption('--url <url>', 'URL under which gateways reach the server')
    .option('--redis <url>', 'registry in Redis; needs the package ioredis')
    .option('--etcd <url>', 'registry in etcd')
    .option('--gateway <url>', 'URL of the admin listener of one gateway')
    .option('--pool <name>', 'pool that it joins (default: default; of a gateway, the only one)')
    .option('--id <id>', 'stable name, which decides its keys (default: the URL)')
    .option('--weight <n>', 'share of the load relative to the others', positive('--weight'))
    .option('--zone <zone>', 'zone where it stands')
    .option(
      '--ttl <seconds>',
      'how long it counts after the last beat (default: 15)',
      integer('--ttl', 1, 86_400),
    )
    .option(
      '--drain-ms <ms>',
      'milliseconds between draining and its end (default: 2000)',
      integer('--drain-ms', 0, 600_000),
    )
    .option('--prefix <prefix>', 'prefix of all keys in the registry (default: evenkeel)')
    .passThroughOptions()
    .addHelpText('after', REGISTER_HELP)
    .action(async (command: string[], options: RegisterCommandOptions) => {
      const { register } = await import('./register.ts');
      end(await register(options, command, io));
    });
}

function addExplain(root: Command, io: Io, end: (code: number) => void): void {
  root
    .command('explain')
    .description('print which backend a request would get, and why; nothing is sent')
    .requiredOption('--path <path>', 'path of the request, with its query')
    .option('-c, --config <file>', 'configuration to ask, as if the gateway had just started')
    .option('--admin <url>', 'running gateway to ask, for example http://127.0.0.1:9901')
    .option('--token <token>', 'its token; EVENKEEL_ADMIN_TOKEN does not show in lists of processes')
    .option('--method <method>', 'method of the request (default: GET)')
    .option('--host <name>', 'its host')
    .option('--header <header>', '"Name: value"; may come several times', header)
    .option('--client <address>', 'address of the client')
    .option('--json', 'print one JSON document')
    .addHelpText('after', EXPLAIN_HELP)
    .action(async (options: ExplainOptions) => {
      const { explain } = await import('./explain.ts');
      end(await explain(options, io));
    });
}
