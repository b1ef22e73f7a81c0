import type { ServerResponse } from 'node:http';
import { workMs } from './catalogue.ts';
import { LruCache } from './lru-cache.ts';

const PAGES = /^\/($|products\/|categories\/|images\/|search$)/;

/**
 * A shop with a small cache: a cached page is sent at once, any other page takes some milliseconds to make.
 * The header `x-cache` tells which was the case.
 */
export class Shop {
  hits = 0;
  misses = 0;
  readonly #name: string;
  readonly #cache: LruCache<string>;

  /**
   * @param name - the name of the backend, shown on its pages
   * @param cachedPages - size of the cache, at least 1
   */
  constructor(name: string, cachedPages: number) {
    this.#name = name;
    this.#cache = new LruCache(cachedPages);
  }

  /** Whether a path, without its query, is a page of the shop. */
  sells(path: string): boolean {
    return PAGES.test(path);
  }

  /**
   * Sends a page.
   * @param target - the path of the page, with the query
   * @param isStuck - called after the page was made; if it returns true, the page is not sent
   */
  serve(target: string, response: ServerResponse, isStuck: () => boolean): void {
    const page = this.#cache.get(target);
    if (page !== undefined) {
      this.hits++;
      send(response, 'hit', page);
      return;
    }
    this.misses++;
    setTimeout(() => {
      if (isStuck()) return;
      const made = `${target}, made by ${this.#name}\n`;
      this.#cache.set(target, made);
      send(response, 'miss', made);
    }, workMs(target));
  }

  /** Empties the cache, as a restart does. */
  emptyCache(): void {
    this.#cache.clear();
  }
}

function send(response: ServerResponse, cache: 'hit' | 'miss', page: string): void {
  response.writeHead(200, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(page),
    'x-cache': cache,
  });
  response.end(page);
}
