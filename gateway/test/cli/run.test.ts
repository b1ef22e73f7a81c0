import { describe, expect, it } from 'vitest';
import manifest from '../../../package.json' with { type: 'json' };
import { strategies } from '../../../src/index.ts';
import { gatewaySchema } from '../../src/config/schema.ts';
import { VERSION } from '../../src/version.ts';
import { ran } from './kept-io.ts';

const BACKEND = 'http://127.0.0.1:9';

describe('the command line', () => {
  it('tells its version, which is that of the package', async () => {
    expect(VERSION).toBe(manifest.version);
    for (const flag of ['--version', '-v'])
      expect(await ran(flag)).toEqual({ code: 0, out: `${manifest.version}\n`, err: '' });
  });

  it('has help that is worth reading', async () => {
    const { code, out, err } = await ran('--help');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    for (const command of ['serve', 'check', 'explain', 'demo', 'schema'])
      expect(out).toMatch(new RegExp(`^  ${command} `, 'm'));
    expect(out).toContain('Examples:');
    expect(out).toMatch(/Exit codes:\n {2}0 .*\n {2}1 .*\n {2}2 /);
    const serve = await ran('serve', '--help');
    expect(serve.out).toContain('SIGHUP');
    for (const name of Object.keys(strategies)) expect(serve.out).toContain(`  ${name} `);
    expect((await ran('help', 'serve')).out).toBe(serve.out);
  });

  it.each([[[]], [['serve']], [['check']], [['explain']], [['demo']], [['schema']]])(
    'has help for %j in lines of at most 100 characters, without escape codes',
    async (args) => {
      const { code, out } = await ran(...args, '--help');
      expect(code).toBe(0);
      expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
      expect(out).not.toContain('\x1b');
      expect(out.endsWith('\n')).toBe(true);
    },
  );

  it('prints its help to standard error where nothing is asked of it', async () => {
    const { code, out, err } = await ran();
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain('Usage: evenkeel');
  });

  it('prints the JSON Schema of configurations', async () => {
    const { code, out } = await ran('schema');
    expect(code).toBe(0);
    const schema = JSON.parse(out);
    expect(Object.keys(schema.properties)).toEqual(Object.keys(gatewaySchema.shape));
  });

  it.each<[string[], string]>([
    [['serv'], "unknown command 'serv' (did you mean serve?); --help lists what there is"],
    [['help', 'serv'], "unknown command 'serv' (did you mean serve?); --help lists what there is"],
    [['serv', '--help'], "unknown command 'serv' (did you mean serve?); --help lists what there is"],
    [['frobnicate'], "unknown command 'frobnicate'; --help lists what there is"],
    [['--prot', '1'], "unknown option '--prot'; --help lists what there is"],
    [['serve', '--prot', '1'], "unknown option '--prot' (did you mean --port?); --help lists what there is"],
    [['serve', '--port'], "option '--port <port>' argument missing; --help lists what there is"],
    [['serve', 'a.yaml'], 'serve takes its file by an option: -c a.yaml'],
    [['check'], 'check needs a configuration: -c FILE'],
    [
      ['check', '--confg', 'a.yaml'],
      "unknown option '--confg' (did you mean --config?); --help lists what there is",
    ],
    [['check', 'no-such.yaml'], 'no-such.yaml cannot be read: there is no such file'],
    [
      ['explain', '-c', 'a.yaml', '--path', '/', '--host', 'a b'],
      '--host must be a host as in Host, got "a b"',
    ],
    [
      ['explain', '-c', 'a.yaml', '--path', '/', '--method', 'get'],
      '--method must be a method in capitals, got "get"',
    ],
    [['serve', ':1', '--no-health', '--health', '/up'], '--health and --no-health exclude each other'],
    [['serve'], 'serve needs a configuration (-c FILE) or at least one --backend URL'],
    [['serve', '--port', '8080'], 'serve needs a configuration (-c FILE) or at least one --backend URL'],
    [
      ['serve', '-c', 'a.yaml', '--backend', BACKEND, '--host', '::1'],
      '--backend, --host cannot go with --config: say it in the file',
    ],
    [['serve', '--backend', BACKEND, '--tls-cert', 'a.pem'], '--tls-cert and --tls-key need each other'],
    [
      ['serve', '--backend', BACKEND, '--port', '70000'],
      '--port must be an integer from 0 to 65535, got "70000"',
    ],
    [
      ['serve', '--backend', BACKEND, '--port', '80abc'],
      '--port must be an integer from 0 to 65535, got "80abc"',
    ],
    [['serve', '--backend', BACKEND, '--port', ''], '--port must be an integer from 0 to 65535, got ""'],
    [['serve', '--backend', BACKEND, '--port=-1'], '--port must be an integer from 0 to 65535, got "-1"'],
    [['serve', '--backend', BACKEND, '--workers', '0'], '--workers must be an integer from 1 to 64, got "0"'],
    [
      ['serve', '--backend', BACKEND, '--admin-port', '1e3'],
      '--admin-port must be an integer from 0 to 65535, got "1e3"',
    ],
    [
      ['serve', '--backend', BACKEND, '--strategy', 'best'],
      `--strategy must be one of ${Object.keys(strategies).join(', ')}, got "best"`,
    ],
    [
      ['serve', '--backend', BACKEND, '--strategy', 'LeastConn'],
      `--strategy must be one of ${Object.keys(strategies).join(', ')}, got "LeastConn"; did you mean leastconn?`,
    ],
    [
      ['serve', BACKEND, `${BACKEND}/`],
      `--backend must be another backend than those before, got "${BACKEND}/" in both`,
    ],
    [
      ['serve', BACKEND, '--port', '9901', '--admin-port', '9901'],
      '--admin-port must be another than --port, got 9901 on "127.0.0.1" and every address',
    ],
    [
      ['serve', '--backend', BACKEND, '--log-level', 'loud'],
      '--log-level must be one of silent, error, warn, info, debug, got "loud"',
    ],
    [
      ['serve', '--backend', BACKEND, '--log-format', 'xml'],
      '--log-format must be one of json, pretty, got "xml"',
    ],
    [['check', '-c', 'no-such.yaml'], 'no-such.yaml cannot be read: there is no such file'],
    [['check', '-c', 'package.toml'], 'package.toml must be a file whose name ends in .yaml, .yml or .json'],
    [['explain', '--path', '/'], 'explain needs either -c FILE or --admin URL'],
    [
      ['explain', '--path', '/', '-c', 'a.yaml', '--admin', 'http://a'],
      'explain needs either -c FILE or --admin URL',
    ],
    [
      ['explain', '-c', 'a.yaml', '--path', 'cart'],
      '--path must begin with / and be percent-encoded, got "cart"',
    ],
    [
      ['explain', '-c', 'a.yaml', '--path', '/\n'],
      '--path must begin with / and be percent-encoded, got "/\\n"',
    ],
    [
      ['explain', '-c', 'a.yaml', '--path', '/', '--header', 'no colon'],
      '--header must read "Name: value", got "no colon"',
    ],
    [
      ['explain', '--admin', 'localhost', '--path', '/'],
      '--admin must be an http or https URL, got "localhost"',
    ],
  ])('says in one line what is wrong with %j', async (args, problem) => {
    expect(await ran(...args)).toEqual({ code: 2, out: '', err: `evenkeel: ${problem}\n` });
  });

  it.each<[string[], RegExp]>([
    [['--backend', 'nope'], /^evenkeel: --backend must be .*, got "nope"\n$/],
    [['--backend', 'ftp://a'], /^evenkeel: --backend must be .*, got "ftp:\/\/a"\n$/],
    [['--backend', BACKEND, '--host', 'not a host'], /^evenkeel: --host must be .*, got "not a host"\n$/],
    [
      ['--backend', BACKEND, '--tls-cert', 'none.pem', '--tls-key', 'none.key'],
      /^evenkeel: --tls-cert must be .*none\.pem.*\nevenkeel: --tls-key must be .*none\.key.*\n$/,
    ],
  ])('names options, not settings, where %j is wrong', async (args, err) => {
    const outcome = await ran('serve', ...args);
    expect(outcome).toMatchObject({ code: 2, out: '' });
    expect(outcome.err).toMatch(err);
  });

  it('never repeats a password', async () => {
    const { code, err } = await ran('serve', '--backend', 'http://ann:geheim@10.0.0.1');
    expect(code).toBe(2);
    expect(err).not.toContain('geheim');
  });
});
