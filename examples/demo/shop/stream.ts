// The stream of requests: visitors of a shop.

import type { Request } from 'evenkeel';
import { listings, pageWithPictures, products, searches } from '../../backends/shop/catalogue.ts';
import { seededRandom, zipfDraw } from './random.ts';

/** Number of concurrent visitors. */
const VISITORS = 40;
/** Addresses that are reserved for documentation (RFC 5737). */
const ADDRESSES = ['192.0.2', '198.51.100', '203.0.113'].flatMap((net) =>
  Array.from({ length: 254 }, (_, host) => `${net}.${host + 1}`),
);
const SKEW = 0.8;

/** A visitor, with the pages still to be requested. */
interface Visit {
  readonly address: string;
  readonly paths: string[];
}

/**
 * The requests of concurrent visitors of a shop: each begins with the start page, a listing or a search, then
 * requests a few products with their pictures. Popularity follows Zipf's law. Equal seeds give equal streams.
 */
export function shopStream(count: number, seed: number): Request[] {
  const random = seededRandom(seed);
  const newVisit = visits(random);
  const inside = Array.from({ length: VISITORS }, newVisit);
  return Array.from({ length: count }, (_, i) => {
    const place = Math.floor(random() * VISITORS);
    if (inside[place]?.paths.length === 0) inside[place] = newVisit();
    const { address, paths } = inside[place] as Visit;
    return getRequest(i, paths.shift() as string, address);
  });
}

function visits(random: () => number): () => Visit {
  const address = zipfDraw(ADDRESSES, SKEW, random);
  const product = zipfDraw(products, SKEW, random);
  const landing = landings(random);
  return () => {
    const seen = 1 + Math.floor(random() * 3);
    const pages = Array.from({ length: seen }, () => pageWithPictures(product()));
    return { address: address(), paths: [landing(), ...pages.flat()] };
  };
}

function landings(random: () => number): () => string {
  const search = zipfDraw(searches, SKEW, random);
  const listing = zipfDraw(listings, SKEW, random);
  return () => {
    const dice = random();
    if (dice < 0.15) return '/';
    return dice < 0.5 ? listing() : search();
  };
}

function getRequest(index: number, path: string, clientAddress: string): Request {
  return {
    id: `r${index + 1}`,
    method: 'GET',
    path,
    payload: '',
    headers: { accept: path.endsWith('.webp') ? 'image/webp' : 'text/html' },
    clientAddress,
  };
}
