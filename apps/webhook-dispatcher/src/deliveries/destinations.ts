import type { Mode } from '@doitong/contracts';

/**
 * Where an account's deliveries go: one of its endpoints, or a host (with its port) that its requests name in `webhookUrl`. The
 * unit of concurrency, of fairness, and of circuits.
 */
export interface Destination {
  accountId: string;
  /** Id of the endpoint, or the host; for test keys with `test/` before it, so that what they do there stops nothing of live keys. */
  target: string;
}

/** By which one is told from all others. */
export const nameOf = ({ accountId, target }: Destination): string => `${accountId} ${target}`;

/**
 * SQL that makes destinations known as due, from rows (account_id, target, due_at). In order, so that two of these never
 * deadlock; the row is locked even where it stays as it is, so that a claim at the same time sees the deliveries.
 */
export const noteDue = (rows: string) => `
  INSERT INTO destinations (account_id, target, due_at)
  SELECT account_id, target, min(due_at) FROM ${rows} GROUP BY account_id, target ORDER BY account_id, target
  ON CONFLICT (account_id, target) DO UPDATE SET due_at = excluded.due_at
  WHERE destinations.due_at IS NULL OR destinations.due_at > excluded.due_at`;

const LONGEST_HOST = 255;

/** Where a URL leads, for keys of this mode; no host for what is no URL, whose attempts all fail and are seen to. */
export function hostOf(url: string, mode: Mode): string {
  const host = URL.canParse(url) ? new URL(url).host.slice(0, LONGEST_HOST) : '';
  return mode === 'live' ? host : `${mode}/${host}`;
}
