import { randomUUID } from 'node:crypto';
import { admin, type ReplyOf, type Request, type RequestOf } from '@doitong/contracts';
import { connectOptions, MessageBus } from '@doitong/service-kit/client';
import { connect } from '@nats-io/transport-node';
import { eventually } from './wait-for.js';

/** Ample, for a machine with much else to do. */
const PATIENCE_MS = 60_000;

/** A generation as the public API shows it. */
export interface SeenGeneration {
  id: string;
  type: string;
  status: 'QUEUED' | 'PROCESSING' | 'COMPLETED' | 'FAILED' | 'CANCELLED';
  progress: number;
  provider: string;
  model: string;
  url: string | null;
  creditCost: number;
  metadata: {
    width: number | null;
    height: number | null;
    duration: number | null;
    format: string | null;
    size: number | null;
    adjustments: string[];
  };
  error: { code: string; message: string; retryable: boolean; billed: boolean; stage: string } | null;
  version: number;
}

const SEEN = `id type status progress provider model url creditCost version
  metadata { width height duration format size adjustments } error { code message retryable billed stage }`;

export interface GraphqlAnswer<T> {
  status: number;
  headers: Headers;
  data: T | null;
  errors?: { message: string; extensions: { code: string; field?: string; [name: string]: unknown } }[];
}

/** A customer with an API key, who knows nothing but the public API. */
export class Customer {
  constructor(
    readonly gatewayUrl: string,
    readonly accountId: string,
    readonly key: string,
  ) {}

  async ask<T>(query: string, variables: object = {}, headers: Record<string, string> = {}): Promise<GraphqlAnswer<T>> {
    const response = await fetch(`${this.gatewayUrl}/graphql`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.key}`, 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query, variables }),
    });
    const body = (await response.json()) as Pick<GraphqlAnswer<T>, 'data' | 'errors'>;
    return { status: response.status, headers: response.headers, ...body };
  }

  tryGenerate(
    input: object,
    headers: Record<string, string> = {},
  ): Promise<GraphqlAnswer<{ generate: SeenGeneration | null }>> {
    return this.ask(`mutation ($input: GenerateInput!) { generate(input: $input) { ${SEEN} } }`, { input }, headers);
  }

  /**
   * What the API says to it in the end: what it had no answer to, for example because a part of it was too slow, is asked
   * again under the same Idempotency-Key, as clients do.
   */
  persist(
    input: object,
    headers: Record<string, string> = {},
  ): Promise<GraphqlAnswer<{ generate: SeenGeneration | null }>> {
    const named = { 'idempotency-key': randomUUID(), ...headers };
    const ask = async () => {
      const answer = await this.tryGenerate(input, named);
      if (answer.errors?.[0]?.extensions.code === 'INTERNAL') throw new Error(JSON.stringify(answer.errors));
      return answer;
    };
    return eventually(ask, { timeoutMs: PATIENCE_MS, intervalMs: 500 });
  }

  /** Persists; throws what the API refuses with. */
  async generate(input: object, headers: Record<string, string> = {}): Promise<SeenGeneration> {
    const { data, errors } = await this.persist(input, headers);
    if (!data?.generate) throw new Error(JSON.stringify(errors));
    return data.generate;
  }

  async generation(id: string): Promise<SeenGeneration> {
    const query = `query ($id: ID!) { generation(id: $id) { ${SEEN} } }`;
    const { data, errors } = await this.ask<{ generation: SeenGeneration }>(query, { id });
    if (!data) throw new Error(JSON.stringify(errors));
    return data.generation;
  }

  /** The generation once it has ended. */
  ended(id: string, timeoutMs = PATIENCE_MS): Promise<SeenGeneration> {
    const look = async () => {
      const seen = await this.generation(id);
      return seen.status !== 'QUEUED' && seen.status !== 'PROCESSING' && seen;
    };
    return eventually(look, { timeoutMs, intervalMs: 150 });
  }

  async account(): Promise<{ credits: number; held: number }> {
    const { data, errors } = await this.ask<{ account: { credits: number; held: number } }>(
      '{ account { credits held } }',
    );
    if (!data) throw new Error(JSON.stringify(errors));
    return data.account;
  }

  /** The account once nothing is held any more. */
  settled(): Promise<{ credits: number; held: number }> {
    const look = async () => {
      const account = await this.account();
      return account.held === 0 && account;
    };
    return eventually(look, { timeoutMs: PATIENCE_MS, intervalMs: 100 });
  }
}

/** The operator's side, with the admin's NATS_URL: makes accounts, checks the ledger. */
export class Operator {
  private constructor(private readonly bus: MessageBus) {}

  static async connect(natsUrl: string): Promise<Operator> {
    return new Operator(
      new MessageBus(await connect({ ...connectOptions(natsUrl), maxReconnectAttempts: -1, reconnectTimeWait: 100 })),
    );
  }

  async createCustomer(
    gatewayUrl: string,
    account: Partial<RequestOf<typeof admin.accountCreate>> = {},
  ): Promise<Customer> {
    const wanted = { name: 'test', plan: 'ENTERPRISE' as const, credits: 100_000, ...account };
    const { accountId, testKey } = await this.ask(admin.accountCreate, wanted);
    return new Customer(gatewayUrl, accountId, testKey);
  }

  ask<M extends Request>(message: M, body: RequestOf<M>): Promise<ReplyOf<M>> {
    return this.bus.request(message, body, PATIENCE_MS);
  }

  verifyLedger() {
    return this.ask(admin.ledgerVerify, {});
  }

  async close(): Promise<void> {
    await this.bus.connection.close();
  }
}
