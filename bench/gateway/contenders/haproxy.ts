import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileOf, versionOf } from '../commands.ts';
import type { Ground } from '../ground.ts';
import { HOST } from '../ports.ts';
import { tlsEnvironment } from '../tls-files.ts';
import type { Contender, Place } from './contender.ts';

/** The peer haproxy; `undefined` if it is not installed. */
export function haproxy({ processes, directory }: Ground): Contender | undefined {
  const file = fileOf('haproxy');
  if (file === undefined) return undefined;
  return {
    name: 'haproxy',
    version: versionOf(file),
    how: 'nbthread 1, roundrobin, http-reuse always, option forwardfor, X-Forwarded-Proto and -Host set',
    start: (place) => {
      const config = join(directory, `haproxy-${place.port}.cfg`);
      writeFileSync(config, haproxyConfig(place));
      return processes.serve({
        name: 'haproxy',
        file,
        args: ['-db', '-f', config],
        cores: place.cores,
        env: tlsEnvironment(place.tls),
      });
    },
  };
}

function haproxyConfig({ port, tls, originPorts }: Place): string {
  return `global
  nbthread 1
  maxconn 4096
  tune.ssl.cachesize 0
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout http-keep-alive 60s
frontend clients
  bind ${HOST}:${port} backlog 4096${tls === undefined ? '' : ` ssl crt ${tls.cert}`}
  default_backend origins
backend origins
  balance roundrobin
  http-reuse always
  option forwardfor
  http-request set-header X-Forwarded-Proto ${tls === undefined ? 'http' : 'https'}
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
${originPorts.map((origin, i) => `  server origin${i + 1} ${HOST}:${origin}`).join('\n')}
`;
}
