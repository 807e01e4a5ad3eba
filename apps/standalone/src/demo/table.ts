import { join, relative } from 'node:path';
import Table from 'cli-table3';
import type { Seen } from './client.js';

export interface Done {
  type: string;
  seen: Seen;
  /** From the request to its end, as the client saw it. */
  seconds: number;
}

export function table(all: Done[], assets: string): string {
  const rows = new Table({
    head: ['Type', 'Status', 'Provider', 'Credits', 'Seconds', 'Format', 'Bytes', 'Size', 'File'],
    style: { head: [], border: [] },
  });
  for (const { type, seen, seconds } of all) {
    const { format, size, width, height, duration } = seen.metadata;
    const pixels = width && height ? `${width}×${height}` : '';
    const length = duration ? `${duration.toFixed(1)} s` : '';
    rows.push([
      type,
      seen.error ? `${seen.status}: ${seen.error.message}` : seen.status,
      seen.provider,
      seen.creditCost,
      seconds.toFixed(1),
      format ?? '',
      size ?? '',
      [pixels, length].filter(Boolean).join(', '),
      seen.url ? relative(process.cwd(), join(assets, new URL(seen.url).pathname.replace(/^\/assets\//, ''))) : '',
    ]);
  }
  return rows.toString();
}
