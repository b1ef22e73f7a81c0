// The products and pages of the shop.

const MATERIALS = 'oak linen steel wool glass cork ash copper marble rattan'.split(' ');
const THINGS =
  'lamp desk chair sofa shelf rug vase mirror bench stool tray clock table bed basket throw hook planter'.split(
    ' ',
  );
const PAGES_PER_CATEGORY = 3;
const VIEWS = ['front', 'side'];

/** The products of the shop, the best-selling first. */
export const products: readonly string[] = THINGS.flatMap((thing, row) =>
  // Shifted from row to row, so that the best sellers have different materials.
  MATERIALS.map((_, column) => `${MATERIALS[(row + column * 3) % MATERIALS.length]}-${thing}`),
);

/** Pages that list products. */
export const listings: readonly string[] = THINGS.flatMap((thing) =>
  Array.from({ length: PAGES_PER_CATEGORY }, (_, page) => `/categories/${thing}s?page=${page + 1}`),
);

/** Search terms. */
export const searches: readonly string[] = products
  .filter((_, rank) => rank % 2 === 0)
  .map((product) => `/search?q=${product.replace('-', '+')}`);

/** A product's page and the pictures on it. */
export function pageWithPictures(product: string): string[] {
  return [`/products/${product}`, ...VIEWS.map((view) => `/images/${product}/${view}.webp`)];
}

/** Milliseconds to make a page that is not cached. Searches take longest. */
export function workMs(path: string): number {
  if (path.startsWith('/search')) return 45;
  if (path.startsWith('/categories')) return 30;
  return path.startsWith('/images') ? 15 : 22;
}
