// The command `explain`.
import { isIP } from 'node:net';
import type { ExplainQuery, GatewayExplanation } from '../contracts.ts';
import { createGateway } from '../gateway.ts';
import { readAuthority } from '../message/authority.ts';
import { askAdmin } from './ask-admin.ts';
import { fileSource } from './config-source.ts';
import { exitCode, UsageError } from './exit-code.ts';
import { explanationText } from './explanation-text.ts';
import type { Io } from './io.ts';

const METHOD = /^[A-Z]+(?:-[A-Z]+)*$/;

/** The options of `explain`. */
export interface ExplainOptions {
  readonly path: string;
  readonly config?: string;
  readonly admin?: string;
  readonly token?: string;
  readonly method?: string;
  readonly host?: string;
  readonly header?: Readonly<Record<string, string>>;
  readonly client?: string;
  readonly json?: boolean;
}

/**
 * Prints which backend a request would get, and why.
 * @returns the exit code
 * @throws UsageError or ConfigError; Error if a running gateway does not answer
 */
export async function explain(options: ExplainOptions, io: Io): Promise<number> {
  const { path, config, admin, client, host = '', method = 'GET', json = false } = options;
  if (!/^\/[!-~]*$/.test(path))
    throw new UsageError(`--path must begin with / and be percent-encoded, got ${JSON.stringify(path)}`);
  if (client !== undefined && isIP(client) === 0)
    throw new UsageError(`--client must be an IP address, got ${JSON.stringify(client)}`);
  if (readAuthority(host) === undefined)
    throw new UsageError(`--host must be a host as in Host, got ${JSON.stringify(host)}`);
  if (!METHOD.test(method))
    throw new UsageError(`--method must be a method in capitals, got ${JSON.stringify(method)}`);
  if ((config === undefined) === (admin === undefined))
    throw new UsageError('explain needs either -c FILE or --admin URL');
  const query = queryOf(options);
  const found =
    config === undefined
      ? await askAdmin<GatewayExplanation>(
          admin as string,
          options.token ?? io.env.EVENKEEL_ADMIN_TOKEN,
          explainPath(query),
        )
      : await explainFile(config, query);
  io.stdout.write(json ? `${JSON.stringify(found, null, 2)}\n` : explanationText(query, found));
  return exitCode.fine;
}

function queryOf({ path, host, method, header, client }: ExplainOptions): ExplainQuery {
  return { path, host, method, headers: header, clientAddress: client };
}

function explainPath({ path, host, method, headers = {}, clientAddress }: ExplainQuery): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ path, host, method, clientAddress })) {
    if (value !== undefined) query.set(name, value);
  }
  for (const [name, value] of Object.entries(headers)) query.append('header', `${name}:${value}`);
  return `explain?${query}`;
}

async function explainFile(file: string, query: ExplainQuery): Promise<GatewayExplanation> {
  const { config } = await fileSource(file).read();
  return createGateway({ ...config, workers: 1 }).control.explain(query);
}
