import type { ErrorBody } from '@doitong/contracts';

/** One of the requests in a message that carries several: its body as JSON, and what a message alone has in its headers. */
export interface Carried {
  body: string;
  requestId?: string | undefined;
  actor?: string | undefined;
}

/** What came of a request; of each of several, in their order. */
export type Outcome = { value: unknown } | { error: ErrorBody };
