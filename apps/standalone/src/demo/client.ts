import type { GenerationStatus } from '@doitong/contracts';
import type { StandaloneFile } from '../platform/platform.js';

/** What the demo reads of a generation. */
export interface Seen {
  id: string;
  status: GenerationStatus;
  progress: number;
  provider: string;
  creditCost: number;
  url: string | null;
  metadata: {
    format: string | null;
    size: number | null;
    width: number | null;
    height: number | null;
    duration: number | null;
  };
  error: { message: string } | null;
}

const SEEN =
  'id status progress provider creditCost url metadata { format size width height duration } error { message }';

/** The public API, as any customer speaks to it. */
export class Client {
  constructor(private readonly platform: StandaloneFile) {}

  async generate(input: object): Promise<Seen> {
    const { generate } = await this.ask<{ generate: Seen }>(
      `mutation ($input: GenerateInput!) { generate(input: $input) { ${SEEN} } }`,
      { input },
    );
    return generate;
  }

  async generation(id: string): Promise<Seen> {
    const { generation } = await this.ask<{ generation: Seen }>(
      `query ($id: ID!) { generation(id: $id) { ${SEEN} } }`,
      { id },
    );
    return generation;
  }

  async account(): Promise<{ credits: number; held: number }> {
    const { account } = await this.ask<{ account: { credits: number; held: number } }>('{ account { credits held } }');
    return account;
  }

  private async ask<T>(query: string, variables: object = {}): Promise<T> {
    const response = await fetch(this.platform.graphqlUrl, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.platform.testKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors } = (await response.json()) as { data?: T; errors?: { message: string }[] };
    if (errors || !data) throw new Error(errors?.[0]?.message ?? `HTTP ${response.status}`);
    return data;
  }
}
