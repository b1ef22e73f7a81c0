import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileOf, versionOf } from '../commands.ts';
import type { Ground } from '../ground.ts';
import { nginxConfig, proxyConfig } from '../nginx-config.ts';
import { tlsEnvironment } from '../tls-files.ts';
import type { Contender } from './contender.ts';

/** The peer nginx; `undefined` if it is not installed. */
export function nginx({ processes, directory }: Ground): Contender | undefined {
  const file = fileOf('nginx');
  if (file === undefined) return undefined;
  return {
    name: 'nginx',
    version: versionOf(file),
    how: 'one process, upstream keepalive, X-Forwarded-For, -Proto and -Host set, proxy_buffers 8 32k, no temporary files',
    start: (place) => {
      const home = join(directory, `nginx-${place.port}`);
      mkdirSync(home);
      const config = join(home, 'nginx.conf');
      writeFileSync(config, nginxConfig(home, proxyConfig(place)));
      return processes.serve({
        name: 'nginx',
        file,
        args: ['-p', home, '-e', 'stderr', '-c', config],
        cores: place.cores,
        env: tlsEnvironment(place.tls),
      });
    },
  };
}
