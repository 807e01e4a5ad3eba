/** A message of the bus carries 1 MB. */
const LARGEST_PAGE_BYTES = 800_000;

/** As many of the first items as one reply carries, one at least. */
export function fitting<T>(items: T[]): T[] {
  let bytes = 0;
  const tooMany = items.findIndex((item, at) => {
    bytes += Buffer.byteLength(JSON.stringify(item));
    return at > 0 && bytes > LARGEST_PAGE_BYTES;
  });
  return tooMany === -1 ? items : items.slice(0, tooMany);
}
