const MATERIALS = 'oak linen steel wool glass cork ash copper marble rattan'.split(' ');
const THINGS =
  'lamp desk chair sofa shelf rug vase mirror bench stool tray clock table bed basket throw hook planter'.split(
    ' ',
  );
const PAGES_PER_CATEGORY = 3;
const VIEWS = ['front', 'side'];

/** Everything that the shop sells, the best-selling first. */
export const products: readonly string[] = THINGS.flatMap((thing, row) =>
  // Shifted from row to row, so that the best sellers are not all of one material.
  MATERIALS.map((_, column) => `${MATERIALS[(row + column * 3) % MATERIALS.length]}-${thing}`),
);

/** Pages that list products. */
export const listings: readonly string[] = THINGS.flatMap((thing) =>
  Array.from({ length: PAGES_PER_CATEGORY }, (_, page) => `/categories/${thing}s?page=${page + 1}`),
);

/** What people type into the search box. */
export const searches: readonly string[] = products
  .filter((_, rank) => rank % 2 === 0)
  .map((product) => `/search?q=${product.replace('-', '+')}`);

/** A product's page and the pictures on it. */
export function pageWithPictures(product: string): string[] {
  return [`/products/${product}`, ...VIEWS.map((view) => `/images/${product}/${view}.webp`)];
}

/** Milliseconds that a page takes to make when it is in no cache: a search asks the database most. */
export function workMs(path: string): number {
  if (path.startsWith('/search')) return 45;
  if (path.startsWith('/categories')) return 30;
  return path.startsWith('/images') ? 15 : 22;
}
