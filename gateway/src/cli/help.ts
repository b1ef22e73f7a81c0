// Help texts of the command line, beyond the lists of options.
import { strategies } from 'evenkeel';

/** Below the list of commands. */
export const MAIN_HELP = `
Examples:
  evenkeel serve --backend http://10.0.0.1:3000 --backend http://10.0.0.2:3000
  evenkeel check -c gateway.yaml && evenkeel serve -c gateway.yaml
  evenkeel explain -c gateway.yaml --path /cart --host shop.example
  evenkeel simulate goes-and-comes-back --html report.html

Exit codes:
  0  success; a signal stopped the gateway
  1  an error at run time
  2  the command line or the configuration is wrong, or a port is in use:
     nothing was started

evenkeel <command> --help prints the help of a command.`;

/** Below the options of `serve`. */
export const SERVE_HELP = `
Without a file, every request goes to the backends that are named: URLs,
host:port, or :port for this machine. They are checked at /health, if it is
there: a backend that has none is up as long as it answers. With a file,
--workers, --admin-port and the options of the log override it; all other
settings belong into the file.

Signals:
  SIGTERM, SIGINT  The gateway is no longer ready and accepts no connections;
                   requests and tunnels have shutdown.graceMs (30 s) to end.
                   A second signal ends them at once. Exit code 0 either way.
  SIGHUP           Reads the file and its certificates again; if they are wrong,
                   the old configuration stays. Changes of the files are
                   noticed without the signal.

Log: a line for each request and event on standard output, in colours on a
terminal (unless NO_COLOR is set), else in JSON; never queries, cookies or
tokens. A log whose reader is slow or gone, or that fills the disk, stops no
traffic.

Workers are processes that share the listeners; one that ends is replaced. Rate
limits hold for all together; limits of connections and of requests in flight,
and remembered keys, for each worker.

Strategies:
${Object.entries(strategies)
  .map(([name, { summary }]) => `  ${name.padEnd(19)}${summary}`)
  .join('\n')}

Examples:
  evenkeel serve -c gateway.yaml --workers 4
  evenkeel serve --port 8443 --tls-cert site.pem --tls-key site.key \\
    --backend http://127.0.0.1:3000`;

/** Below the options of `check`. */
export const CHECK_HELP = `
Reads the certificates and secrets that the file names, but opens no port.
Prints the listeners, pools, routes and warnings, and exits with 0; or prints
one line for each mistake, and exits with 2.`;

/** Below the options of `explain`. */
export const EXPLAIN_HELP = `
With --config all backends count as up and idle; with --admin the running gateway
answers, with the real state of its backends.

Examples:
  evenkeel explain -c gateway.yaml --path '/cart?item=7' --header 'X-User: ann'
  evenkeel explain --admin http://127.0.0.1:9901 --path /cart --json`;

/** Below the options of `status`. */
export const STATUS_HELP = `
Examples:
  evenkeel status
  evenkeel status --admin http://10.0.0.4:9901 --watch 2
  evenkeel status --json | jq '.pools[].fleet'`;

/** Below the options of `plan`. */
export const PLAN_HELP = `
For each pool, the share of the keys whose home moves, and from which backend to
which. The shares are exact, from the arcs of both rings, unless the two hash keys
differently, as another ring, seed or affinity does. The bounds on load may send
keys elsewhere, before and after. Nothing is started or changed.

Examples:
  evenkeel plan -c gateway.yaml --to next.yaml
  evenkeel plan -c gateway.yaml --to next.yaml --json`;

/** Below the options of `register`. */
export const REGISTER_HELP = `
The server is registered as soon as it accepts connections. At SIGINT or SIGTERM it
is drained first, then its registration ends, then the command gets the signal. The
token of an admin listener is read from EVENKEEL_ADMIN_TOKEN.

Examples:
  evenkeel register --redis redis://10.0.0.5 --pool shop --url http://10.0.0.7:8080 -- node server.js
  evenkeel register --gateway http://127.0.0.1:9901 --url http://127.0.0.1:8081`;

/** Below the options of `simulate`. */
export const SIMULATE_HELP = `
All contenders get the same traffic: the same requests at the same moments, with
the same time to work on. The engine that chooses is the one of production;
clients, network and backends are simulated. The same seed gives the same
report on every machine.

Each contender runs several times with the same traffic, each time with keys and
backends at other places on the ring: the table has the mean, the page the range.
Ctrl-C ends a run early and reports what there is; a second one ends at once.

The schema of scenario files: scenario.schema.json, beside gateway.schema.json.

Exit codes: 2 if the scenario or an option is wrong, or a report cannot be
written: then nothing was written.

Examples:
  evenkeel simulate --list
  evenkeel simulate hot-key --strategies consistent-hash,least-connections
  evenkeel simulate scenario.yaml --html report.html
  evenkeel simulate -c gateway.yaml --pool shop --requests 200000`;

/** Below the options of `replay`. */
export const REPLAY_HELP = `
Formats: combined (and common), json, haproxy, envoy, traefik, caddy, evenkeel, har;
or a log_format of nginx, in single quotes. Lines that cannot be read are counted.

Requests come as in the log, but faster, so that the backends have something to do:
busy for half of the time if no request is a cache hit, unless --speed-up says
otherwise. Rotated logs are read oldest first. Ctrl-C ends the run early, and what
there is until then is reported.

Examples:
  evenkeel replay access.log access.log.1 access.log.2.gz
  evenkeel replay access.log --key header:x-user --backends 4 --html report.html
  evenkeel replay access.log --format '$remote_addr [$time_local] "$request" $status'`;

/** Below the options of `import`. */
export const IMPORT_HELP = `
Takes over upstream and server blocks, or frontends, backends and listen sections:
servers with weights, strategy, ring and key, hosts and paths, certificates. Each line
that it could not take over is told on standard error. Relative paths stay as they are.

Examples:
  evenkeel import /etc/nginx/nginx.conf > gateway.yaml
  evenkeel import haproxy.cfg > gateway.yaml && evenkeel check -c gateway.yaml`;
