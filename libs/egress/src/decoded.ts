import { pipeline, type Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';

const decoders = new Map([
  ['gzip', createGunzip],
  ['x-gzip', createGunzip],
  ['deflate', createInflate],
  ['br', createBrotliDecompress],
]);

/**
 * The body of an answer without its content codings: some servers and proxies encode although `Accept-Encoding: identity` was sent. One
 * that we do not know is left as it is. `encoding` is the header Content-Encoding.
 */
export function decoded(body: Readable, encoding: string | string[] | undefined): Readable {
  const codings = String(encoding ?? '').split(',');
  return codings.reduceRight<Readable>((coded, coding) => {
    const decoder = decoders.get(coding.trim().toLowerCase())?.();
    // Who reads the end of the line hears of what broke on the way, and who leaves it has the start closed.
    return decoder ? pipeline(coded, decoder, () => undefined) : coded;
  }, body);
}
