import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeBodies } from '../bodies.ts';
import { fileOf } from '../commands.ts';
import type { Ground } from '../ground.ts';
import { nginxConfig, originConfig } from '../nginx-config.ts';
import { freePorts, listening } from '../ports.ts';

const COUNT = 4;

/** The origins behind the proxies. */
export interface Origins {
  /** A description of the origins. */
  readonly kind: 'nginx' | 'node:http';
  readonly ports: readonly number[];
}

/** Starts four origins, on the processors of the load. */
export async function startOrigins({ processes, directory, script, cores }: Ground): Promise<Origins> {
  const nginx = fileOf('nginx');
  const bodies = join(directory, 'bodies');
  writeBodies(bodies);
  const ports = await freePorts(COUNT);
  const servers = ports.map((port, i) => {
    const name = `origin ${i + 1}`;
    if (nginx === undefined) {
      const args = [script('origin'), JSON.stringify({ port, number: i + 1 })];
      return processes.serve({ name, file: process.execPath, args, cores: cores.load });
    }
    const home = join(directory, `origin-${i + 1}`);
    mkdirSync(home);
    const file = join(home, 'nginx.conf');
    writeFileSync(file, nginxConfig(home, originConfig(port, i + 1, bodies)));
    const args = ['-p', home, '-e', 'stderr', '-c', file];
    return processes.serve({ name, file: nginx, args, cores: cores.load });
  });
  await Promise.all(servers.map((server, i) => listening(server, ports[i] as number)));
  return { kind: nginx === undefined ? 'node:http' : 'nginx', ports };
}
