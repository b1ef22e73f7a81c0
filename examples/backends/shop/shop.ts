import type { ServerResponse } from 'node:http';
import { workMs } from './catalogue.ts';
import { LruCache } from './lru-cache.ts';

const PAGES = /^\/($|products\/|categories\/|images\/|search$)/;

/**
 * A shop with a small cache: a page that is in there is answered at once, any other takes some milliseconds
 * of work. The header `x-cache` says which it was.
 */
export class Shop {
  hits = 0;
  misses = 0;
  readonly #name: string;
  readonly #cache: LruCache<string>;

  /**
   * @param name - who makes the pages
   * @param cachedPages - how many of them it keeps, at least 1
   */
  constructor(name: string, cachedPages: number) {
    this.#name = name;
    this.#cache = new LruCache(cachedPages);
  }

  /** Whether a path, without its query, is one of its pages. */
  sells(path: string): boolean {
    return PAGES.test(path);
  }

  /**
   * Answers with a page.
   * @param target - its path, with the query
   * @param isStuck - asked when a page has been made: then it is not sent
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

  /** As after a restart. */
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
