/** A place in a configuration, as messages write it. */
export type Place = string;

/** The least that is a configuration. */
export function leastConfig(): Record<string, unknown> {
  return { listeners: [{ port: 8080 }], pools: { shop: { backends: ['http://10.0.0.1:8080'] } } };
}

/** The same with two pools, for routes. */
export function twoPools(...routes: unknown[]): Record<string, unknown> {
  return {
    listeners: [{ port: 8080 }],
    pools: { shop: { backends: ['http://10.0.0.1:8080'] }, api: { backends: ['http://10.0.0.2:8080'] } },
    routes,
  };
}

/** The least configuration with another value in one place, for example `pools.shop.backends[0]`. */
export function configWith(place: Place, value: unknown): unknown {
  const config = leastConfig();
  const keys = place.match(/[^.[\]]+/g) as string[];
  let at: Record<string, unknown> = config;
  for (const key of keys.slice(0, -1)) at = (at[key] ??= {}) as Record<string, unknown>;
  at[keys.at(-1) as string] = value;
  return config;
}
