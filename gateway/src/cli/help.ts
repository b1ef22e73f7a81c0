// Help texts of the command line, beyond the lists of options.
import { strategies } from 'evenkeel';

/** Below the list of commands. */
export const MAIN_HELP = `
Examples:
  evenkeel serve --backend http://10.0.0.1:3000 --backend http://10.0.0.2:3000
  evenkeel check -c gateway.yaml && evenkeel serve -c gateway.yaml
  evenkeel explain -c gateway.yaml --path /cart --host shop.example

Exit codes:
  0  all went well; a gateway was stopped by a signal
  1  something failed at run time
  2  the command line or the configuration is wrong, or a port is in use:
     nothing was started

evenkeel <command> --help says more about each command.`;

/** Below the options of `serve`. */
export const SERVE_HELP = `
Without a file, everything goes to the backends that --backend names. With one,
--workers, --admin-port and the options of the log go before what it says; all
others belong into the file.

Signals:
  SIGTERM, SIGINT  Not ready any more, and no new connections; requests and
                   tunnels end by themselves for up to shutdown.graceMs (30 s).
                   A second signal ends them at once. Exit code 0 either way.
  SIGHUP           Reads the file, and certificates, again; where something is
                   wrong, the old configuration runs on. Changes of the files
                   are noticed without it.

Log: a line for each request and event on standard output, in colours on a
terminal (unless NO_COLOR is set), else in JSON; never queries, cookies or
tokens. A log that nobody reads, or that fills the disk, stops no traffic.

Workers are processes that share the listeners; one that ends is replaced. Rates
are counted for all together; limits of connections and of requests in flight,
and remembered keys hold for each worker.

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
With --config all backends are taken to be up and idle; with --admin they are
as they are.

Examples:
  evenkeel explain -c gateway.yaml --path '/cart?item=7' --header 'X-User: ann'
  evenkeel explain --admin http://127.0.0.1:9901 --path /cart --json`;
