import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readConfig } from '../../src/config/read-config.ts';
import { folder, ran } from './kept-io.ts';

async function imported(name: string, text: string, ...args: string[]) {
  const file = folder()(name, text);
  const { code, out, err } = await ran('import', file, ...args);
  expect(code, err).toBe(0);
  const config = parse(out);
  return {
    config,
    out,
    notes: err
      .split('\n')
      .filter(Boolean)
      .map((line) => line.replace(`evenkeel: ${file}:`, '')),
  };
}

const NGINX = `
user www-data;
http {
  gzip on;
  upstream shop {
    hash $request_uri consistent;
    server 10.0.0.1:8080 weight=2 max_fails=3;   # a comment; with { marks }
    server 10.0.0.2;
    server 10.0.0.5:80;
    server 10.0.0.3:8080 backup;
    server 10.0.0.4:8080 down;
    server 10.0.0.1:8080 weight=3;
    server unix:/run/shop.sock;
    keepalive 16;
  }
  upstream api { least_conn; server api1.internal:3000 max_conns=40; server "api2.internal:3000" slow_start=30s; }
  server {
    listen 80 default_server;
    server_name shop.example .shop.test;
    return 301 https://$host$request_uri;
  }
  server {
    listen 443 ssl http2;
    listen [::1]:8443;
    server_name shop.example ~^www\\d+\\.shop\\.example$;
    ssl_certificate /etc/ssl/shop.pem;
    ssl_certificate_key /etc/ssl/shop.key;
    location / { proxy_pass http://shop; proxy_set_header Host $host; proxy_read_timeout 60s; }
    location /api/ { proxy_pass http://api/; proxy_set_header X-Env "prod; staging"; proxy_set_header X-Id $request_id; }
    location /old { proxy_pass http://10.0.9.1:9000/new; }
    location ~ \\.php$ { fastcgi_pass unix:/run/php.sock; }
  }
}
`;

describe('import of nginx', () => {
  it('takes over upstreams with servers, weights, strategy, ring and key', async () => {
    const { config } = await imported('nginx.conf', NGINX);
    expect(() => readConfig(config)).not.toThrow();
    expect(config.pools.shop).toEqual({
      strategy: { name: 'consistent-hash', ring: 'nginx' },
      bounds: false,
      affinity: { by: 'path' },
      health: false,
      backends: [
        { url: 'http://10.0.0.1:8080', weight: 3 },
        { url: 'http://10.0.0.2', id: '10.0.0.2' },
        { url: 'http://10.0.0.5:80', id: '10.0.0.5:80' },
        { url: 'http://10.0.0.3:8080', backup: true },
        { url: 'http://10.0.0.4:8080', weight: 0 },
      ],
    });
    expect(config.pools.api).toMatchObject({ strategy: 'least-connections', maxInFlight: 40 });
  });

  it('takes over servers with addresses, hosts, certificates, locations and redirects', async () => {
    const { config } = await imported('nginx.conf', NGINX);
    expect(config.listeners).toEqual([
      { port: 80, name: 'port-80' },
      {
        name: 'port-443',
        port: 443,
        tls: { certificates: [{ cert: '/etc/ssl/shop.pem', key: '/etc/ssl/shop.key' }] },
      },
      { name: 'port-8443', host: '::1', port: 8443 },
    ]);
    const redirect = { path: '/', listeners: ['port-80'], redirect: { scheme: 'https', status: 301 } };
    const listeners = ['port-443', 'port-8443'];
    expect(config.routes).toEqual([
      { host: 'shop.example', ...redirect },
      { host: 'shop.test', ...redirect },
      { host: '*.shop.test', ...redirect },
      redirect,
      {
        host: 'shop.example',
        path: '/',
        pool: 'shop',
        listeners,
        timeouts: { headersMs: 60_000, bodyMs: 60_000 },
      },
      {
        ...{ host: 'shop.example', path: '/api', pool: 'api', stripPrefix: true, listeners },
        requestHeaders: { set: { 'X-Env': 'prod; staging' } },
      },
      { host: 'shop.example', path: '/old', pool: '10.0.9.1-9000', rewrite: '/new', listeners },
    ]);
  });

  it('tells line by line what it could not take over', async () => {
    const { notes } = await imported('nginx.conf', NGINX);
    expect(notes).toEqual([
      '4: gzip on: not taken over',
      '7: max_fails=3: `ejection` of the pool takes its place',
      '13: server unix:/run/shop.sock: sockets of a file system are not supported',
      '16: server api2.internal:3000 slow_start=30s: not taken over',
      '25: server_name ~^www\\d+\\.shop\\.example$: patterns of this kind are not supported',
      '29: proxy_set_header X-Id $request_id: has a variable, not taken over',
      '31: location ~ \\.php$: not taken over, as paths are prefixes here',
    ]);
  });

  it.each([
    ['ip_hash;', { strategy: 'ip-hash' }, 1],
    ['random two least_conn;', { strategy: 'power-of-two' }, 0],
    ['hash $http_x_user consistent;', { affinity: { by: 'header', name: 'x-user' }, bounds: false }, 0],
    ['hash $cookie_sid;', { affinity: { by: 'cookie', name: 'sid' }, strategy: 'consistent-hash' }, 1],
    ['hash $remote_addr consistent;', { affinity: { by: 'client-address' } }, 0],
    ['hash $uri consistent;', { strategy: { name: 'consistent-hash', ring: 'nginx' } }, 1],
  ])('reads %s', async (directive, pool, noted) => {
    const { config, notes } = await imported('a.conf', `upstream a { ${directive} server b:81; }`);
    expect(config.pools.a).toMatchObject(pool);
    expect(notes).toHaveLength(noted);
  });

  it.each([
    ['upstream a {\n server b;', ':2 must have a } for each {'],
    ['a;\n}', ':2 must have a { before }'],
    ['server {\n listen 80', ':2 must end listen with ; or a block'],
    ['upstream a { }', ' must have an upstream or a proxy_pass with a server, got none'],
    ['# Notes\nbackend of the shop\n', ' must have a backend with a server, got none'],
    ['events { a b; }', ' must have an upstream or a proxy_pass with a server, got none'],
  ])('refuses %j', async (text, message) => {
    const file = folder()('nginx.conf', text);
    expect(await ran('import', file)).toEqual({ code: 2, out: '', err: `evenkeel: ${file}${message}\n` });
  });
});

const HAPROXY = `
global
    maxconn 2000
defaults
    timeout connect 5s
frontend web
    bind *:80
    bind 10.0.0.9:443 ssl crt /etc/ssl/site.pem alpn h2,http/1.1
    acl is_api path_beg /api
    acl host_admin hdr(host) -i admin.example
    use_backend api if is_api
    use_backend admin if host_admin is_api
    use_backend shop if { src 10.9.9.9 }
    default_backend shop
backend shop
    balance uri whole
    hash-type consistent
    option httpchk GET /healthz
    server web1 10.0.0.1:8080 check weight 10
    server web2 10.0.0.2 check inter 2s   # a comment
    server web3 10.0.0.3:8080 check backup id 9
backend api
    balance hdr(X-User)
    hash-type consistent djb2 avalanche
    hash-balance-factor 150
    server a1 10.0.1.1:3000 maxconn 30
    server a2 10.0.1.2:3000 cookie a2 send-proxy
listen admin
    bind :9999
    balance leastconn
    timeout server 2m
    server x 10.0.2.1:9000 ssl verify none
    server y 10.0.2.2:9000 ssl verify none disabled
`;

describe('import of HAProxy', () => {
  it('takes over backends with servers, weights, strategy, ring, key, bounds and checks', async () => {
    const { config } = await imported('haproxy.cfg', HAPROXY);
    expect(() => readConfig(config)).not.toThrow();
    expect(config.pools).toEqual({
      shop: {
        strategy: { name: 'consistent-hash', ring: 'haproxy' },
        bounds: false,
        affinity: { by: 'path' },
        health: { request: { path: '/healthz' } },
        backends: [
          { url: 'http://10.0.0.1:8080', id: 'web1#1', weight: 10 },
          { url: 'http://10.0.0.2:80', id: 'web2#2' },
          { url: 'http://10.0.0.3:8080', id: 'web3#9', backup: true },
        ],
      },
      api: {
        strategy: { name: 'consistent-hash', ring: { name: 'haproxy', function: 'djb2', avalanche: true } },
        bounds: { factor: 1.5, z: 0, rememberedKeys: 0 },
        affinity: { by: 'header', name: 'X-User' },
        health: false,
        maxInFlight: 30,
        backends: [
          { url: 'http://10.0.1.1:3000', id: 'a1#1' },
          { url: 'http://10.0.1.2:3000', id: 'a2#2' },
        ],
      },
      admin: {
        strategy: 'least-connections',
        health: false,
        timeouts: { headersMs: 120_000, bodyMs: 120_000 },
        tls: { verify: false },
        backends: ['https://10.0.2.1:9000', { url: 'https://10.0.2.2:9000', weight: 0 }],
      },
    });
  });

  it('takes over addresses, hosts and paths, and tells what it could not', async () => {
    const { config, notes } = await imported('haproxy.cfg', HAPROXY);
    expect(config.listeners.map(({ host, port }: { host?: string; port: number }) => [host, port])).toEqual([
      [undefined, 80],
      ['10.0.0.9', 443],
      [undefined, 9_999],
    ]);
    const listeners = ['port-80', 'port-443'];
    expect(config.routes.slice(0, 2)).toEqual([
      { path: '/api', pool: 'api', listeners },
      { host: 'admin.example', path: '/api', pool: 'admin', listeners },
    ]);
    expect(notes).toEqual([
      '5: timeout connect 5s: not taken over',
      '13: use_backend shop if { src 10.9.9.9 }: not taken over',
      '20: server web2: inter 2s: see `health`',
      '27: server a2: cookie is not taken over',
      '27: server a2: send-proxy is not taken over',
    ]);
  });
});

it.each([
  ['nothing', 'nope.conf', 'cannot be read'],
  ['hello world', undefined, 'must be a configuration of nginx or HAProxy; --from says which'],
])('refuses %s', async (text, missing, message) => {
  const { code, err } = await ran('import', missing ?? folder()('a.conf', text));
  expect(code).toBe(2);
  expect(err).toContain(message);
});
