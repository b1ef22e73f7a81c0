import type { Target, TargetOptions } from '../target.ts';
import { startPeer } from './peer-process.ts';

const config = (port: number, { backends, listener }: TargetOptions) => `
global
  maxconn 4000
defaults
  mode http
  timeout connect 5s
  timeout client 10s
  timeout server 20s
  timeout http-request 10s
  option forwardfor
  http-reuse safe
frontend clients
  bind 127.0.0.1:${port}${listener?.h2c ? ' proto h2' : ''}
  default_backend main
backend main
${backends.map((url, i) => `  server s${i} ${new URL(url).host}`).join('\n')}
`;

/** HAProxy with its defaults, and the time-outs that it asks for. */
export const haproxy: Target = {
  name: 'haproxy',
  own: false,
  http2: true,
  start: (options) =>
    startPeer(
      {
        command: (file) => ['haproxy', '-db', '-f', file],
        config: (port) => config(port, options),
      },
      { plain: options.listener?.h2c !== true },
    ),
};
