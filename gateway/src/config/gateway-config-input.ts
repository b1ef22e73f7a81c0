// The type of a configuration as it may be written. Made of the schema by `npm run schema`: change that.

/** The configuration of a gateway, as `createGateway` and a file take it. */
export interface GatewayConfigInput {
  /** The JSON Schema, for editors; the gateway ignores it. */
  $schema?: string | undefined;
  /** Listeners for clients. */
  listeners: readonly {
    /** A name that routes may ask for in `listeners`. */
    name?: string | undefined;
    /**
     * The address to listen on. Left out: every address of this machine. `unix:/path` is a unix
     * socket.
     */
    host?: string | undefined;
    /** 0 for any free port. Required, but for a unix socket or one that was handed over. */
    port?: number | undefined;
    /**
     * A socket that listens already, by its number: the parent hands it over, as systemd does
     * from 3 on.
     */
    fd?: number | undefined;
    /** Who may use the file of a unix socket, as for `chmod`. Left out: as the umask says. */
    mode?: string | undefined;
    /**
     * HTTP/2 without TLS, by prior knowledge (RFC 9113 section 3.3), beside HTTP/1.1.
     * @defaultValue `false`
     */
    h2c?: boolean | undefined;
    /** Ends TLS here. Left out: no TLS. */
    tls?:
      | {
          /**
           * Each certificate serves the names that it has; the first one serves all other names, too.
           */
          certificates: readonly {
            /** The certificate, then the intermediate ones. */
            cert: string;
            /** Its private key. */
            key: string;
            /** The passphrase of an encrypted key. */
            passphrase?:
              | string
              | {
                  /** Name of an environment variable. */
                  env: string;
                }
              | {
                  /** Path of a file; line ends at the end of the file are ignored. */
                  file: string;
                }
              | undefined;
          }[];
          /** The oldest TLS version that clients may use. @defaultValue `"TLSv1.2"` */
          minVersion?: 'TLSv1.2' | 'TLSv1.3' | undefined;
          /** Whether clients may choose HTTP/2. @defaultValue `true` */
          http2?: boolean | undefined;
        }
      | undefined;
  }[];
  /** Groups of equal backends, by name. */
  pools: Readonly<
    Record<
      string,
      {
        /** URLs, or objects; `[]` answers 503 until backends are added. */
        backends: readonly (
          | string
          | {
              /** Where it is; a path is put before that of each request. */
              url: string;
              /** Stable name, which decides its keys. Left out: the URL. */
              id?: string | undefined;
              /** Share of the load relative to the others; fractions are fine. Left out: 1. */
              weight?: number | undefined;
              /** Where it stands, for example `eu-west-1a`. */
              zone?: string | undefined;
              /** Whether it serves only when no other can. Left out: `false`. */
              backup?: boolean | undefined;
              /** Requests that it can work on at once. Left out: `bounds.concurrency` of the pool. */
              concurrency?: number | undefined;
            }
        )[];
        /**
         * Host names are looked up again by their TTL, and each address is a backend; `false` leaves
         * names to each connection.
         */
        dns?:
          | false
          | {
              /** A host name, or that of SRV records, whose backends join the pool. Left out: none. */
              name?: string | undefined;
              /** The records of `name`. Left out: A and AAAA. */
              type?: 'a' | 'aaaa' | 'srv' | undefined;
              /** The port of `name`; SRV records have their own. Left out: 80 or 443. */
              port?: number | undefined;
              /** How backends at `name` are spoken to. @defaultValue `"http"` */
              protocol?: 'http' | 'https' | undefined;
              /** A name server. Left out: names resolve as on this machine. */
              server?: string | undefined;
            }
          | undefined;
        /** A source of backends beside `backends`. Left out: none. */
        discovery?:
          | {
              /** A YAML or JSON file with a list of backends; read again when it changes. */
              file: string;
              /**
               * A file that keeps the last backends, which serve after a restart until the source
               * answers.
               */
              remember?: string | undefined;
            }
          | {
              /** A list of backends on a server; with an `ETag` it is sent only when it changes. */
              http: {
                /** Where the list is, as JSON. */
                url: string;
                /** Milliseconds between two requests. Left out: 5000. */
                intervalMs?: number | undefined;
                /** Milliseconds for a response. Left out: 5000. */
                timeoutMs?: number | undefined;
                /** Headers of each request. */
                headers?: Readonly<Record<string, string>> | undefined;
              };
              /**
               * A file that keeps the last backends, which serve after a restart until the source
               * answers.
               */
              remember?: string | undefined;
            }
          | {
              /** A registry in Redis. */
              redis: {
                /** Where Redis is; needs the package ioredis. */
                url: string;
                /** The name under which servers register. Left out: that of the pool. */
                pool?: string | undefined;
                /** Prefix of all keys. Left out: `evenkeel`. */
                prefix?: string | undefined;
              };
              /**
               * A file that keeps the last backends, which serve after a restart until the source
               * answers.
               */
              remember?: string | undefined;
            }
          | {
              /** A registry in etcd. */
              etcd: {
                /** A member of etcd; several, separated by commas, stand in for each other. */
                url: string;
                /** The name under which servers register. Left out: that of the pool. */
                pool?: string | undefined;
                /** Prefix of all keys. Left out: `evenkeel`. */
                prefix?: string | undefined;
                /** Headers of each request. */
                headers?: Readonly<Record<string, string>> | undefined;
                /** Milliseconds for a response. Left out: 5000. */
                timeoutMs?: number | undefined;
              };
              /**
               * A file that keeps the last backends, which serve after a restart until the source
               * answers.
               */
              remember?: string | undefined;
            }
          | {
              /** The pods of a Kubernetes service, by its EndpointSlices. */
              kubernetes: {
                /** The service whose pods are backends. */
                service: string;
                /** Left out: that of the pod. */
                namespace?: string | undefined;
                /** The target port. Left out: the first one. */
                port?: number | string | undefined;
                /** How pods are spoken to. Left out: `http`. */
                protocol?: 'http' | 'https' | undefined;
                /** The API server. Left out: that of the cluster. */
                server?: string | undefined;
                /** The folder of token and certificate. Left out: that of the service account. */
                credentials?: string | undefined;
              };
              /**
               * A file that keeps the last backends, which serve after a restart until the source
               * answers.
               */
              remember?: string | undefined;
            }
          | undefined;
        /**
         * How a backend is chosen. Names of other load balancers (`leastconn`, `rr`, `p2c`) stand for
         * ours.
         * @defaultValue `"consistent-hash"`
         */
        strategy?:
          | 'consistent-hash'
          | 'maglev'
          | 'rendezvous'
          | 'ip-hash'
          | 'round-robin'
          | 'random'
          | 'least-connections'
          | 'least-time'
          | 'power-of-two'
          | 'peak-ewma'
          | 'least-workload'
          | 'consistent_hash'
          | 'ip_hash'
          | 'round_robin'
          | 'least_connections'
          | 'least_time'
          | 'power_of_two'
          | 'peak_ewma'
          | 'least_workload'
          | 'leastconn'
          | 'least-conn'
          | 'least_conn'
          | 'least-request'
          | 'least_request'
          | 'rr'
          | 'roundrobin'
          | 'wrr'
          | 'weighted-round-robin'
          | 'weighted_round_robin'
          | 'p2c'
          | 'ewma'
          | 'source'
          | 'ring-hash'
          | 'ring_hash'
          | 'chash'
          | 'hrw'
          | {
              /** The strategy. */
              name: 'consistent-hash';
              /**
               * Whose ring: with that of another load balancer, each key has the home that it has there.
               * @defaultValue `"native"`
               */
              ring?:
                | 'native'
                | 'nginx'
                | 'haproxy'
                | 'ketama'
                | 'envoy'
                | {
                    /** Whose ring it is. */
                    name: 'haproxy';
                    /**
                     * What the points of a server depend on, as `hash-key` in HAProxy.
                     * @defaultValue `"id"`
                     */
                    hashKey?: 'id' | 'addr' | 'addr-port' | undefined;
                    /** The hash of keys, as in `hash-type`. Left out: `sdbm`. */
                    function?: 'sdbm' | 'djb2' | 'wt6' | 'crc32' | undefined;
                    /** Mixes the hash once more. Left out: `true` without `function`, else `false`. */
                    avalanche?: boolean | undefined;
                  }
                | {
                    /** Whose ring it is. */
                    name: 'ketama';
                    /**
                     * Which ring of libmemcached: that with weights, that of spymemcached, or the plain one.
                     * @defaultValue `"weighted"`
                     */
                    variant?: 'weighted' | 'spy' | 'plain' | undefined;
                  }
                | {
                    /** Whose ring it is. */
                    name: 'envoy';
                    /** `minimum_ring_size` of Envoy. @defaultValue `1024` */
                    minimumSize?: number | undefined;
                    /** `maximum_ring_size` of Envoy. @defaultValue `8388608` */
                    maximumSize?: number | undefined;
                  }
                | undefined;
            }
          | undefined;
        /**
         * Keeps others from computing keys that share a backend; replicas need the same.
         * @defaultValue `0`
         */
        seed?: number | undefined;
        /**
         * Keeps backends close to their fair share, for strategies with keys; `false` turns both
         * bounds off.
         * @defaultValue `{}`
         */
        bounds?:
          | false
          | {
              /** How far above its fair share a backend may go. @defaultValue `1.25` */
              factor?: number | undefined;
              /**
               * Standard deviations of chance that requests in flight may have on top.
               * @defaultValue `1`
               */
              z?: number | undefined;
              /**
               * Keys to remember, rounded up to a power of two; 0, or fewer than 64 for each backend,
               * turns the bound on keys off. Left out: 128 for each backend, from 8192 to 1048576.
               */
              rememberedKeys?: number | undefined;
              /**
               * Requests that a backend can work on at once: with fewer in flight it is never at its
               * limit. Divided by the number of workers.
               * @defaultValue `1`
               */
              concurrency?: number | undefined;
              /**
               * Gateways that share the backends: what a backend reports that it can work on at once is
               * divided by it, and by the number of workers.
               * @defaultValue `1`
               */
              sharedBy?: number | undefined;
              /**
               * Whether a key stays on its backend while that may serve, however many requests it has in
               * flight. Left out: `true` for `ip-hash`, else `false`.
               */
              strict?: boolean | undefined;
            }
          | undefined;
        /**
         * Share of backends out above which health is ignored; 1 never ignores it.
         * @defaultValue `1`
         */
        panicRatio?: number | undefined;
        /**
         * What equal requests have in common. Left out: the client's address for `ip-hash`, else the
         * path.
         */
        affinity?:
          | {
              /** What equal requests have in common. */
              by: 'path';
            }
          | {
              /** What equal requests have in common. */
              by: 'client-address';
            }
          | {
              /** What equal requests have in common. */
              by: 'header';
              /** Name of the header, or of the cookie. */
              name: string;
            }
          | {
              /** What equal requests have in common. */
              by: 'cookie';
              /** Name of the header, or of the cookie. */
              name: string;
            }
          | {
              /** What equal requests have in common. */
              by: 'jwt-claim';
              /** Name of the claim; the token is not verified. */
              claim: string;
            }
          | undefined;
        /** Keeps the requests of one client on one backend. Left out: no sessions. */
        sessions?:
          | {
              /** By a signed cookie that the gateway sets. */
              cookie: {
                /**
                 * Keys of at least 32 bytes: the first one signs, all of them verify, so that keys can be
                 * replaced.
                 */
                secrets: readonly (
                  | string
                  | {
                      /** Name of an environment variable. */
                      env: string;
                    }
                  | {
                      /** Path of a file; line ends at the end of the file are ignored. */
                      file: string;
                    }
                )[];
                /** Name of the cookie. @defaultValue `"evenkeel"` */
                name?: string | undefined;
                /** Path that the cookie is for. @defaultValue `"/"` */
                path?: string | undefined;
                /**
                 * Whether clients send the cookie over TLS only. Left out: if the request came over TLS.
                 */
                secure?: boolean | undefined;
                /**
                 * Milliseconds that the client keeps the cookie. Left out: until its own session ends.
                 */
                maxAgeMs?: number | undefined;
                /**
                 * With which requests of other sites browsers send it; `none`, for pages in frames, is
                 * always secure.
                 * @defaultValue `"lax"`
                 */
                sameSite?: 'strict' | 'lax' | 'none' | undefined;
                /**
                 * The host whose subdomains get the cookie, too. Left out: the host of the request alone.
                 */
                domain?: string | undefined;
                /**
                 * Whether a page in a frame has a cookie of its own for each site around it; always
                 * secure.
                 * @defaultValue `false`
                 */
                partitioned?: boolean | undefined;
              };
            }
          | {
              /** By a claim of a signed bearer token, which is verified. */
              jwt: {
                /**
                 * The key that verifies tokens: a secret, a public key in PEM, a JWK or a JWKS; also from
                 * a file or the environment.
                 */
                key:
                  | string
                  | {
                      /** Name of an environment variable. */
                      env: string;
                    }
                  | {
                      /** Path of a file; line ends at the end of the file are ignored. */
                      file: string;
                    }
                  | Readonly<Record<string, unknown>>;
                /** Allowed signature algorithms; each must fit the key. */
                algorithms: readonly (
                  | 'HS256'
                  | 'HS384'
                  | 'HS512'
                  | 'RS256'
                  | 'RS384'
                  | 'RS512'
                  | 'PS256'
                  | 'PS384'
                  | 'PS512'
                  | 'ES256'
                  | 'ES384'
                  | 'ES512'
                  | 'EdDSA'
                  | 'Ed25519'
                )[];
                /** The required issuer of the token (`iss`). Left out: any. */
                issuer?: string | readonly string[] | undefined;
                /** The required audience of the token (`aud`). Left out: any. */
                audience?: string | readonly string[] | undefined;
                /** The claim that names the session. @defaultValue `"sub"` */
                claim?: string | undefined;
              };
            }
          | undefined;
        /**
         * Checks every backend; `true` for all defaults. `auto` asks for the default path, too, but
         * what a backend answers there counts only once it has answered well; until then only a
         * backend that does not answer is down.
         * @defaultValue `"auto"`
         */
        health?:
          | boolean
          | 'auto'
          | {
              /** Milliseconds from one check to the next, 10 % more or less. @defaultValue `10000` */
              intervalMs?: number | undefined;
              /**
               * The same while a backend is about to go down or come up. Left out: 1000, or `intervalMs`
               * where that is less.
               */
              fastIntervalMs?: number | undefined;
              /** What is asked. @defaultValue `{}` */
              request?:
                | {
                    /** What is asked, added to the URL of the backend. @defaultValue `"/health"` */
                    path?: string | undefined;
                    /** How it is asked. @defaultValue `"GET"` */
                    method?: string | undefined;
                    /** What is sent along, by name. @defaultValue `{}` */
                    headers?: Readonly<Record<string, string>> | undefined;
                    /** Milliseconds without a response after which a check fails. @defaultValue `2000` */
                    timeoutMs?: number | undefined;
                  }
                | undefined;
              /** Which responses are well. @defaultValue `{}` */
              expect?:
                | {
                    /**
                     * Statuses, and ranges of them with both ends, that are well.
                     * @defaultValue `[[200,399]]`
                     */
                    statuses?: readonly (number | readonly [number, number])[] | undefined;
                    /**
                     * Above which use, 0 to 1, of what it reports a backend counts as failed. Left out: none.
                     * @defaultValue `{}`
                     */
                    workload?:
                      | {
                          /** Of its processors. */
                          cpu?: number | undefined;
                          /** Of its memory. */
                          memory?: number | undefined;
                          /** Of its network. */
                          network?: number | undefined;
                          /** Of its event loop. */
                          eventLoop?: number | undefined;
                          /** Of what the application counts. */
                          application?: number | undefined;
                        }
                      | undefined;
                  }
                | undefined;
              /** How many checks in a row change the state of a backend. @defaultValue `{}` */
              thresholds?:
                | {
                    /** Failures in a row that take a backend out. @defaultValue `3` */
                    fall?: number | undefined;
                    /** Successes in a row that bring it back. @defaultValue `2` */
                    rise?: number | undefined;
                  }
                | undefined;
            }
          | undefined;
        /** Takes out backends whose requests fail; `true` for all defaults. @defaultValue `true` */
        ejection?:
          | boolean
          | {
              /** Failures in a row for which a backend is ejected. @defaultValue `5` */
              consecutiveFailures?: number | undefined;
              /** Ejects backends that fail more often than the others. @defaultValue `{}` */
              successRate?:
                | {
                    /** Standard deviations below the mean that are too many. @defaultValue `1.9` */
                    stdevFactor?: number | undefined;
                    /** Backends that must have enough requests to be compared. @defaultValue `5` */
                    minBackends?: number | undefined;
                    /** Requests in an interval that are enough. @defaultValue `100` */
                    minRequests?: number | undefined;
                    /**
                     * A success rate below this ejects, whatever others have; statuses 400 to 499 do not
                     * count.
                     * @defaultValue `0`
                     */
                    minRatio?: number | undefined;
                  }
                | undefined;
              /** Milliseconds over which success rates are compared. @defaultValue `10000` */
              intervalMs?: number | undefined;
              /**
               * Milliseconds of a first ejection; each further one in a row is longer by as much.
               * @defaultValue `30000`
               */
              baseMs?: number | undefined;
              /** Milliseconds of the longest ejection, at least `baseMs`. @defaultValue `300000` */
              maxMs?: number | undefined;
              /** Share by which an ejection may be shorter or longer. @defaultValue `0.1` */
              jitter?: number | undefined;
              /** Share of the pool that may be ejected; never the last backend. @defaultValue `0.5` */
              maxEjectedRatio?: number | undefined;
            }
          | undefined;
        /** Spares a backend that fails much; `true` for all defaults. @defaultValue `false` */
        circuitBreaker?:
          | boolean
          | {
              /** Milliseconds over which requests are counted. @defaultValue `10000` */
              windowMs?: number | undefined;
              /** Requests in the window from which on it may open. @defaultValue `20` */
              minRequests?: number | undefined;
              /** Share of failures at which it opens. @defaultValue `0.5` */
              failureRatio?: number | undefined;
              /**
               * Milliseconds that it stays open at first; doubled while its probe fails.
               * @defaultValue `5000`
               */
              openMs?: number | undefined;
              /** Milliseconds that it stays open at the most, at least `openMs`. @defaultValue `60000` */
              maxOpenMs?: number | undefined;
              /** Probes in a row that must succeed for it to close. @defaultValue `1` */
              probes?: number | undefined;
            }
          | undefined;
        /**
         * Raises the weight of a backend that is new, or back, step by step; `true` for all defaults.
         * @defaultValue `false`
         */
        slowStart?:
          | boolean
          | {
              /** Milliseconds until a backend has its whole weight. @defaultValue `30000` */
              windowMs?: number | undefined;
              /** Above 1 the weight rises faster at first, below 1 slower. @defaultValue `1` */
              aggression?: number | undefined;
              /** Share of its weight with which a backend begins. @defaultValue `0.1` */
              floor?: number | undefined;
              /** Steps in which the weight rises. @defaultValue `10` */
              steps?: number | undefined;
            }
          | undefined;
        /**
         * Requests that may wait for the head of one backend's response at a time, so that a slow one
         * is not given more; `false` for no limit.
         * @defaultValue `256`
         */
        maxAwaiting?: false | number | undefined;
        /** Requests that one backend may have at a time. Left out: no limit. */
        maxInFlight?: number | undefined;
        /**
         * Sends a request that failed to another backend, where that cannot do harm; `true` for all
         * defaults.
         * @defaultValue `true`
         */
        retries?:
          | boolean
          | {
              /** Backends to try after the first. @defaultValue `1` */
              retries?: number | undefined;
              /**
               * Statuses for which a request that may be repeated goes to another backend.
               * @defaultValue `[502,503,504]`
               */
              retryOn?: readonly number[] | undefined;
              /**
               * Milliseconds up to which the wait before the first retry is random; doubled for each
               * further one.
               * @defaultValue `25`
               */
              minDelayMs?: number | undefined;
              /** Milliseconds of the longest wait, at least `minDelayMs`. @defaultValue `250` */
              maxDelayMs?: number | undefined;
              /** Keeps retries from becoming a storm. @defaultValue `{}` */
              budget?:
                | {
                    /** Retries in flight for each request in flight. @defaultValue `0.2` */
                    ratio?: number | undefined;
                    /** Retries that may be in flight however few requests are. @defaultValue `3` */
                    floor?: number | undefined;
                  }
                | undefined;
            }
          | undefined;
        /**
         * Lets requests wait where every backend has `maxAwaiting` or `maxInFlight`; `true` for all
         * defaults.
         * @defaultValue `true`
         */
        queue?:
          | boolean
          | {
              /** Requests for each backend that may wait; beyond, 503. @defaultValue `100` */
              limit?: number | undefined;
              /** Milliseconds that a request waits; then 503. @defaultValue `3000` */
              timeoutMs?: number | undefined;
            }
          | undefined;
        /** How long backends have. @defaultValue `{}` */
        timeouts?:
          | {
              /** Milliseconds to connect to a backend. @defaultValue `3000` */
              connectMs?: number | undefined;
              /**
               * Milliseconds for the head of one backend's answer: more than a long poll waits.
               * @defaultValue `60000`
               */
              headersMs?: number | undefined;
              /**
               * Milliseconds that a body waits for the backend's 100 Continue if the client asked for it;
               * with 0 the gateway says it.
               * @defaultValue `1000`
               */
              continueMs?: number | undefined;
              /**
               * Milliseconds between two pieces of an answer's body; event streams have `tunnelMs`.
               * @defaultValue `60000`
               */
              bodyMs?: number | undefined;
              /**
               * Milliseconds for all attempts together, until the head of an answer. Left out: 90000, or
               * `headersMs` where that is more.
               */
              totalMs?: number | undefined;
              /**
               * Milliseconds that an idle connection is kept; less than the backends keep theirs.
               * @defaultValue `4000`
               */
              idleMs?: number | undefined;
              /**
               * Milliseconds after which a connection takes no more requests; up to a tenth less, by
               * chance.
               * @defaultValue `3600000`
               */
              ageMs?: number | undefined;
            }
          | undefined;
        /** Sockets for each backend. Left out: as many as are needed. */
        connections?: number | undefined;
        /**
         * The most requests on one connection; up to a tenth fewer, by chance. Left out: no limit.
         */
        requestsPerConnection?: number | undefined;
        /** How to speak with backends that have an https URL. */
        tls?:
          | {
              /**
               * Who may have signed the certificates of backends. Left out: the authorities that Node
               * trusts.
               */
              ca?: string | readonly string[] | undefined;
              /** The name in their certificates. Left out: the host of the URL. */
              serverName?: string | undefined;
              /** `false` trusts any certificate: for tests alone. @defaultValue `true` */
              verify?: boolean | undefined;
              /** A certificate for backends that ask for one. */
              cert?: string | undefined;
              /** Its private key. */
              key?: string | undefined;
              /** The passphrase of an encrypted key. */
              passphrase?:
                | string
                | {
                    /** Name of an environment variable. */
                    env: string;
                  }
                | {
                    /** Path of a file; line ends at the end of the file are ignored. */
                    file: string;
                  }
                | undefined;
            }
          | undefined;
        /** Keeps requests in their zone while it can carry them. Left out: zones do not matter. */
        zones?:
          | {
              /** The header that names a request's zone. */
              header?: string | undefined;
              /** The zone of requests without one. Left out: any. */
              own?: string | undefined;
              /**
               * Zones in the order in which they stand in for each other. Left out: as they first appear
               * in the pool.
               */
              order?: readonly string[] | undefined;
            }
          | undefined;
        /**
         * The part of the backends that this gateway has connections to, and checks: an aperture
         * where gateways have numbers, by rendezvous where they have names; with keys, a cell of
         * them. Left out: all.
         */
        subset?:
          | {
              /** How the backends are chosen. */
              by: 'aperture';
              /** The least number of backends. */
              size: number;
              /** The number of this gateway, from 0; by rendezvous, its name. */
              client: number;
              /** How many gateways there are. */
              clients: number;
            }
          | {
              /** How the backends are chosen. */
              by: 'rendezvous';
              /** The least number of backends. */
              size: number;
              /** The number of this gateway, from 0; by rendezvous, its name. */
              client: string;
            }
          | {
              /** How the backends are chosen. */
              by: 'cell';
              /** The number of the cell, from 0. */
              cell: number;
              /** How many cells there are. */
              cells: number;
            }
          | undefined;
      }
    >
  >;
  /** The pool of each host and path. Left out: every request goes to the only pool. */
  routes?:
    | readonly {
        /** The host of the request; `*.` stands for every name below. Left out: any. */
        host?: string | undefined;
        /** The path and every path below it, by whole segments. @defaultValue `"/"` */
        path?: string | undefined;
        /** Methods of the request; GET covers HEAD. Left out: any. */
        methods?: readonly string[] | undefined;
        /**
         * Headers that the request must have, by name; `*` stands for any characters. Left out: any.
         */
        headers?: Readonly<Record<string, string>> | undefined;
        /** Names of the listeners that the request may come in at. Left out: all. */
        listeners?: readonly string[] | undefined;
        /** The pool that gets the requests; required without `redirect`. */
        pool?: string | undefined;
        /** Sends clients to another URL in the place of a pool. */
        redirect?:
          | {
              /** Left out: that of the request. */
              scheme?: 'http' | 'https' | undefined;
              /** Left out: that of the request. */
              host?: string | undefined;
              /** Left out: that of the request, or the usual one where scheme or host change. */
              port?: number | undefined;
              /**
               * 301 and 308 may be remembered by clients; 307 and 308 keep the method.
               * @defaultValue `308`
               */
              status?: 301 | 302 | 303 | 307 | 308 | undefined;
            }
          | undefined;
        /** Whether the backend gets paths without the route's `path`. @defaultValue `false` */
        stripPrefix?: boolean | undefined;
        /**
         * What the backend gets in the place of the route's `path`, or a pattern with variables. Left
         * out: nothing.
         */
        rewrite?:
          | string
          | {
              /** The path of the client; another path stays as it is. */
              from: string;
              /** The path of the backend with the same variables; may have a query. */
              to: string;
            }
          | undefined;
        /** Refuses requests with 429 beyond a rate. Left out: no limit. */
        rateLimit?:
          | {
              /** Requests in each window. */
              points: number;
              /** Milliseconds of a window. */
              durationMs: number;
              /**
               * Whose limit a request counts against: an IPv6 address counts by its /64.
               * @defaultValue `"client-address"`
               */
              by?:
                | 'client-address'
                | {
                    /** Name of a header. */
                    header: string;
                  }
                | undefined;
            }
          | undefined;
        /** Time limits in the place of the pool's. */
        timeouts?:
          | {
              /** Milliseconds for the head of one backend's answer. */
              headersMs?: number | undefined;
              /** Milliseconds between two pieces of an answer's body; event streams have `tunnelMs`. */
              bodyMs?: number | undefined;
              /**
               * Milliseconds for all attempts together. Left out: as in the pool, or `headersMs` where
               * that is more.
               */
              totalMs?: number | undefined;
              /** Milliseconds that a tunnel or an event stream may be silent; 0 for no limit. */
              tunnelMs?: number | undefined;
            }
          | undefined;
        /** Limits in the place of the gateway's. */
        limits?:
          | {
              /** Bytes of a request's body; more is answered with 413. */
              bodyBytes?: number | undefined;
              /** Bytes of a request's body that are kept for a retry. */
              replayBytes?: number | undefined;
            }
          | undefined;
        /**
         * Retries in the place of the pool's, with a budget of their own; `true` for all defaults.
         */
        retries?:
          | boolean
          | {
              /** Backends to try after the first. @defaultValue `1` */
              retries?: number | undefined;
              /**
               * Statuses for which a request that may be repeated goes to another backend.
               * @defaultValue `[502,503,504]`
               */
              retryOn?: readonly number[] | undefined;
              /**
               * Milliseconds up to which the wait before the first retry is random; doubled for each
               * further one.
               * @defaultValue `25`
               */
              minDelayMs?: number | undefined;
              /** Milliseconds of the longest wait, at least `minDelayMs`. @defaultValue `250` */
              maxDelayMs?: number | undefined;
              /** Keeps retries from becoming a storm. @defaultValue `{}` */
              budget?:
                | {
                    /** Retries in flight for each request in flight. @defaultValue `0.2` */
                    ratio?: number | undefined;
                    /** Retries that may be in flight however few requests are. @defaultValue `3` */
                    floor?: number | undefined;
                  }
                | undefined;
            }
          | undefined;
        /** Changes the headers that backends get. @defaultValue `{}` */
        requestHeaders?:
          | {
              /** Headers by name; an existing one is replaced. @defaultValue `{}` */
              set?: Readonly<Record<string, string>> | undefined;
              /** Names of headers to remove. @defaultValue `[]` */
              remove?: readonly string[] | undefined;
            }
          | undefined;
        /** Changes the headers that clients get. @defaultValue `{}` */
        responseHeaders?:
          | {
              /** Headers by name; an existing one is replaced. @defaultValue `{}` */
              set?: Readonly<Record<string, string>> | undefined;
              /** Names of headers to remove. @defaultValue `[]` */
              remove?: readonly string[] | undefined;
            }
          | undefined;
      }[]
    | undefined;
  /** How the paths of requests are read. @defaultValue `{}` */
  paths?:
    | {
        /**
         * How backends get paths: as they came, unless a backend could then get past a route; or
         * always normalised.
         * @defaultValue `"raw"`
         */
        forward?: 'raw' | 'normalised' | undefined;
        /**
         * `%2F` in a path: a part of its segment, answered with 400, or the same as a slash.
         * @defaultValue `"keep"`
         */
        encodedSlash?: 'keep' | 'refuse' | 'decode' | undefined;
        /** Whether `/API` is another path than `/api` where routes are found. @defaultValue `true` */
        caseSensitive?: boolean | undefined;
      }
    | undefined;
  /**
   * Proxies whose `X-Forwarded-*` and `Forwarded` are trusted; `unix` is every peer of a unix
   * socket.
   * @defaultValue `[]`
   */
  trustedProxies?: readonly string[] | undefined;
  /** The name of this gateway in `Via`. @defaultValue `"evenkeel"` */
  name?: string | undefined;
  /** Limits on clients. @defaultValue `{}` */
  limits?:
    | {
        /** Bytes of all headers together; more is answered with 431. @defaultValue `16384` */
        headerBytes?: number | undefined;
        /** Number of headers; more is answered with 431. @defaultValue `256` */
        headers?: number | undefined;
        /** Bytes of path and query; more is answered with 414. @defaultValue `8192` */
        urlBytes?: number | undefined;
        /**
         * Bytes of a request's body, 0 to allow none; more is answered with 413.
         * @defaultValue `1073741824`
         */
        bodyBytes?: number | undefined;
        /**
         * Bytes of a request's body that are kept for a retry; a longer one is not retried once it
         * was begun.
         * @defaultValue `65536`
         */
        replayBytes?: number | undefined;
        /**
         * Open connections of clients at each listener; at most half of the open files are theirs.
         * @defaultValue `10000`
         */
        connections?: number | undefined;
        /**
         * Open connections of one client at each listener; more are closed at once. Left out: no
         * limit of its own.
         */
        connectionsPerClient?: number | undefined;
        /**
         * Requests of one client at a time; more are answered with 429. Left out: no limit. Trusted
         * proxies have neither limit.
         */
        requestsPerClient?: number | undefined;
        /** Requests of a client on one connection, which then ends. Left out: no limit. */
        requestsPerConnection?: number | undefined;
        /** Requests at a time on one HTTP/2 connection. @defaultValue `100` */
        streams?: number | undefined;
      }
    | undefined;
  /** Time limits of clients. @defaultValue `{}` */
  timeouts?:
    | {
        /** Milliseconds for the head of a request, and for a TLS handshake. @defaultValue `10000` */
        headersMs?: number | undefined;
        /** Milliseconds between two pieces of a request's body. @defaultValue `20000` */
        bodyMs?: number | undefined;
        /** Milliseconds that a client may read nothing of a response. @defaultValue `60000` */
        writeMs?: number | undefined;
        /** Milliseconds that an idle connection of a client is kept. @defaultValue `75000` */
        idleMs?: number | undefined;
        /**
         * Milliseconds after which a connection of a client ends with its next response; up to a
         * tenth less, by chance.
         * @defaultValue `3600000`
         */
        ageMs?: number | undefined;
        /**
         * Milliseconds that a tunnel (WebSocket) or an event stream may be silent; 0 for no limit.
         * @defaultValue `3600000`
         */
        tunnelMs?: number | undefined;
      }
    | undefined;
  /** The admin listener. Left out: none. */
  admin?:
    | {
        /** The address to listen on. Left out: 127.0.0.1. */
        host?: string | undefined;
        /** 0 for any free port. Required, but for a socket that was handed over. */
        port?: number | undefined;
        /**
         * A socket that listens already, by its number: the parent hands it over, as systemd does
         * from 3 on.
         */
        fd?: number | undefined;
        /**
         * Bearer token of at least 16 characters; required if other machines can reach the address.
         */
        token?:
          | string
          | {
              /** Name of an environment variable. */
              env: string;
            }
          | {
              /** Path of a file; line ends at the end of the file are ignored. */
              file: string;
            }
          | undefined;
        /** Whether the dashboard is served. @defaultValue `true` */
        dashboard?: boolean | undefined;
      }
    | undefined;
  /** The log on standard output. @defaultValue `{}` */
  log?:
    | {
        /** The least severe level that is logged. @defaultValue `"info"` */
        level?: 'silent' | 'error' | 'warn' | 'info' | 'debug' | undefined;
        /** Whether each request has a line. @defaultValue `true` */
        access?: boolean | undefined;
        /** Left out: `pretty` on a terminal, else `json`. */
        format?: 'json' | 'pretty' | undefined;
      }
    | undefined;
  /** How the gateway stops. @defaultValue `{}` */
  shutdown?:
    | {
        /**
         * Milliseconds between the failure of `/readyz` and the closing of the listeners.
         * @defaultValue `0`
         */
        delayMs?: number | undefined;
        /** Milliseconds that requests and tunnels in flight have to end. @defaultValue `30000` */
        graceMs?: number | undefined;
      }
    | undefined;
  /**
   * Where gateways agree on which backend each key is. Left out: the workers of one gateway
   * agree, others do not.
   */
  fleet?:
    | {
        /** A fleet in Redis. */
        redis: {
          /** Where Redis is; needs the package ioredis. */
          url: string;
          /** Prefix of all keys: gateways with the same one agree. Left out: `evenkeel`. */
          prefix?: string | undefined;
        };
        /**
         * Health checks: `shared`: two gateways check each backend, and tell the others; `own`: each
         * gateway checks all.
         * @defaultValue `"shared"`
         */
        checks?: 'shared' | 'own' | undefined;
      }
    | undefined;
  /**
   * Where gateways count for the rate limits of routes together, in whole seconds. Left out: each
   * gateway counts by itself, its workers together.
   */
  rateLimits?:
    | {
        /** Counts in Redis. While it is away, each gateway counts by itself. */
        redis: {
          /** Where Redis is; needs the packages ioredis and rate-limiter-flexible. */
          url: string;
          /** Prefix of all keys: gateways with the same one count together. Left out: `evenkeel`. */
          prefix?: string | undefined;
        };
      }
    | undefined;
  /**
   * Processes that serve; several share the listeners. Rate limits hold for all together; limits
   * of connections and of requests in flight, and remembered keys, for each.
   * @defaultValue `1`
   */
  workers?: number | undefined;
}
