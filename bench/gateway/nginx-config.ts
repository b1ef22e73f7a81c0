// Configurations of nginx, as an origin and as a peer.

import type { Place } from './contenders/contender.ts';
import { HOST } from './ports.ts';
import type { TlsFiles } from './tls-files.ts';

/**
 * The common configuration of all nginx processes: one process in the foreground that writes only below its
 * own directory.
 */
export function nginxConfig(directory: string, http: string): string {
  return `daemon off;
master_process off;
pid ${directory}/nginx.pid;
error_log stderr crit;
events { worker_connections 8192; }
http {
  access_log off;
  client_body_temp_path ${directory}/client-body;
  proxy_temp_path ${directory}/proxy;
  fastcgi_temp_path ${directory}/fastcgi;
  uwsgi_temp_path ${directory}/uwsgi;
  scgi_temp_path ${directory}/scgi;
  # Connections are not ended in the middle of a measurement.
  keepalive_requests 1000000000;
  keepalive_timeout 300s;
  tcp_nopush on;
${http}
}
`;
}

/**
 * One of the four origins: serves files from memory, with its number and the forwarded client address in
 * headers.
 */
export function originConfig(port: number, number: number, bodies: string): string {
  return `  sendfile on;
  open_file_cache max=100;
  server {
    listen ${HOST}:${port} backlog=4096;
    root ${bodies};
    default_type application/octet-stream;
    add_header X-Origin ${number};
    location = /forwarded-for {
      default_type text/plain;
      return 200 "$http_x_forwarded_for";
    }
    location = /health { return 200; }
  }`;
}

/** The peer: persistent connections to the origins, and buffers for a body of 64 KB. */
export function proxyConfig({ port, tls, originPorts }: Pick<Place, 'port' | 'tls' | 'originPorts'>): string {
  return `  upstream origins {
${originPorts.map((origin) => `    server ${HOST}:${origin};`).join('\n')}
    keepalive 256;
    keepalive_requests 1000000000;
  }
  server {
    listen ${HOST}:${port} backlog=4096${tls === undefined ? '' : ' ssl'};
    ${tls === undefined ? '' : tlsLines(tls)}
    location / {
      proxy_pass http://origins;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $http_host;
      proxy_buffers 8 32k;
      proxy_max_temp_file_size 0;
    }
  }`;
}

/** TLS 1.3 has to be asked for in nginx before 1.23.4. */
function tlsLines({ cert, key }: TlsFiles): string {
  return `ssl_certificate ${cert}; ssl_certificate_key ${key}; ssl_protocols TLSv1.2 TLSv1.3;`;
}
