import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Target, TargetOptions } from '../target.ts';
import { startPeer } from './peer-process.ts';

/** Settings for TLS, with the first certificate, and HTTP/2 over it. */
function tls(folder: string, listener: TargetOptions['listener']): string {
  const certificate = listener?.tls?.certificates[0];
  if (typeof certificate?.cert !== 'string' || typeof certificate.key !== 'string') return '';
  writeFileSync(join(folder, 'cert.pem'), certificate.cert);
  writeFileSync(join(folder, 'key.pem'), certificate.key);
  return `ssl_certificate ${folder}/cert.pem; ssl_certificate_key ${folder}/key.pem;`;
}

const config = (port: number, folder: string, { backends, listener }: TargetOptions) => `
daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log;
events { worker_connections 2048; }
http {
  access_log off; client_max_body_size 0;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  upstream main { ${backends.map((url) => `server ${new URL(url).host};`).join(' ')} keepalive 16; }
  server {
    listen 127.0.0.1:${port}${listener?.tls ? ' ssl http2' : listener?.h2c ? ' http2' : ''};
    ${tls(folder, listener)}
    location / {
      proxy_pass http://main; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    }
  }
}
`;

/** nginx with its defaults, and keep-alive to its backends. */
export const nginx: Target = {
  name: 'nginx',
  own: false,
  http2: true,
  start: (options) =>
    startPeer(
      {
        command: (file, folder) => ['nginx', '-c', file, '-p', folder],
        config: (port, folder) => config(port, folder, options),
      },
      { plain: options.listener?.h2c !== true && options.listener?.tls === undefined },
    ),
};
