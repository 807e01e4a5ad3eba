import { createHash } from 'node:crypto';
import type { Credentials, Mode } from '@doitong/contracts';

/** A vendor's API and a credential for it, beside the family's others. */
export interface Access {
  baseUrl: string;
  credential: string;
  otherCredentials: string[];
}

/** Any credential opens the sandbox; this one has the form of every vendor's. */
const SANDBOX_CREDENTIAL = 'sandbox-key:sandbox-secret';

/** For each mode the APIs that it reaches, and the credentials to choose from, known outside by their fingerprints. */
export class Vendors {
  private readonly byMode: Partial<Record<Mode, { baseUrl: string; credentials: Map<string, string> }>> = {};

  constructor(live: { baseUrl: string; credentials: string[] }, sandboxUrl: string | undefined) {
    if (live.credentials.length > 0) this.byMode.live = reachable(live.baseUrl, live.credentials);
    if (sandboxUrl) this.byMode.test = reachable(sandboxUrl, [SANDBOX_CREDENTIAL]);
  }

  /** The fingerprints of all, by mode; a mode without any is absent. */
  get credentials(): Credentials {
    return Object.fromEntries(
      Object.entries(this.byMode).map(([mode, { credentials }]) => [mode, [...credentials.keys()]]),
    );
  }

  /** Undefined when this worker does not have that credential (any more). */
  find(mode: Mode, fingerprint: string): Access | undefined {
    const api = this.byMode[mode];
    const credential = api?.credentials.get(fingerprint);
    if (!api || !credential) return undefined;
    const otherCredentials = [...api.credentials.values()].filter((other) => other !== credential);
    return { baseUrl: api.baseUrl, credential, otherCredentials };
  }
}

function reachable(baseUrl: string, credentials: string[]) {
  return { baseUrl, credentials: new Map(credentials.map((credential) => [fingerprintOf(credential), credential])) };
}

function fingerprintOf(credential: string): string {
  return createHash('sha256').update(credential).digest('hex').slice(0, 12);
}
