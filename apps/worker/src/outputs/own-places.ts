import type { Mode } from '@doitong/contracts';
import type { Trusts } from './outputs.js';

/**
 * What the operator has said to be a vendor, which therefore may be on this machine or in our own network: the sandbox, for test generations, and
 * the host of another base URL than the vendor's, whose files may be on another of its ports.
 */
export function ownPlaces(liveBaseUrl: string | undefined, sandboxUrl: string | undefined): Record<Mode, Trusts> {
  const live = liveBaseUrl && new URL(liveBaseUrl).hostname;
  const sandbox = sandboxUrl && new URL(sandboxUrl).origin;
  return { live: ({ hostname }) => hostname === live, test: ({ origin }) => origin === sandbox };
}
