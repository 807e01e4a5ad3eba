/** Where an account's deliveries go: a host, with its port. The unit of concurrency and of fairness. */
export interface Destination {
  accountId: string;
  host: string;
}

/**
 * SQL that makes destinations known as due, from rows (account_id, host, due_at). In order, so that two of these never
 * deadlock; the row is locked even where it stays as it is, so that a claim at the same time sees the deliveries.
 */
export const noteDue = (rows: string) => `
  INSERT INTO destinations (account_id, host, due_at)
  SELECT account_id, host, min(due_at) FROM ${rows} GROUP BY account_id, host ORDER BY account_id, host
  ON CONFLICT (account_id, host) DO UPDATE SET due_at = excluded.due_at
  WHERE destinations.due_at IS NULL OR destinations.due_at > excluded.due_at`;

const LONGEST_HOST = 255;

/** The host that a URL names; empty for what is no URL, whose attempts all fail and are seen to. */
export function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host.slice(0, LONGEST_HOST) : '';
}
