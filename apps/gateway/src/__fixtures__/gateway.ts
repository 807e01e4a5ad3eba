import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import {
  type BodyOf,
  type Broadcast,
  billing,
  DoitongError,
  generations,
  type ReplyOf,
  type Request,
  type RequestOf,
  rateLimit,
} from '@doitong/contracts';
import { startService, startTestNats, temporaryFolder } from '@doitong/support';
import { connect, createInbox, headers, type Msg } from '@nats-io/transport-node';
import { aGeneration, allowed, aPrincipal } from './messages.js';

const ERROR_CODE = 'Nats-Service-Error-Code';
const TOGETHER = 'Doitong-Together';
/** With this status nats-server answers what nobody listens to. */
const NO_RESPONDERS = 503;
export const ASSET_URL_SECRET = 'a secret of the tests';
const KEY = 'dt_test_0123456789abcdef';

interface Post {
  variables?: Record<string, unknown>;
  operationName?: string;
  headers?: Record<string, string>;
}

/**
 * A gateway in a process of its own, with a nats-server on which this process stands in for all other services.
 * Unless told otherwise, they know every key, allow every request, and return one generation.
 */
export async function startGateway(env: Record<string, string> = {}) {
  const [nats, folder] = await Promise.all([startTestNats(), temporaryFolder()]);
  const connection = await connect({ servers: nats.url });
  const answers = new Map<string, (body: never) => unknown>();
  const asked: { subject: string; body: unknown; requestId: string | undefined }[] = [];
  let listening: Promise<void> = Promise.resolve();

  function answer<M extends Request>(
    { subject }: M,
    reply: (body: RequestOf<M>) => ReplyOf<M> | Promise<ReplyOf<M>>,
  ): void {
    const known = answers.has(subject);
    answers.set(subject, reply as (body: never) => unknown);
    if (known) return;
    connection.subscribe(subject, { callback: (_error, message) => void respond(subject, message) });
    listening = connection.flush();
  }

  async function respond(subject: string, message: Msg): Promise<void> {
    if (message.headers?.has(TOGETHER)) {
      const all = message.json<{ body: string; requestId: string }[]>();
      const outcomes = all.map(({ body, requestId }) => outcome(subject, JSON.parse(body), requestId));
      return void message.respond(JSON.stringify(await Promise.all(outcomes)));
    }
    const { value, error } = await outcome(subject, message.json(), message.headers?.get('Doitong-Request-Id'));
    const carried = headers();
    if (error) carried.set(ERROR_CODE, error.code);
    message.respond(JSON.stringify(error ?? value), { headers: carried });
  }

  async function outcome(subject: string, body: unknown, requestId: string | undefined) {
    asked.push({ subject, body, requestId });
    try {
      return { value: await answers.get(subject)!(body as never) };
    } catch (error) {
      return { error: DoitongError.of(error).body };
    }
  }

  const reset = () => {
    asked.length = 0;
    answer(billing.authenticate, () => aPrincipal());
    answer(rateLimit.check, () => allowed());
    answer(generations.create, () => aGeneration());
    answer(generations.get, () => aGeneration());
  };
  reset();
  await listening;

  const assets = join(folder.path, 'assets');
  const close = async () => {
    await connection.close();
    await nats.stop();
    await folder.remove();
  };
  const service = await startService('gateway', {
    NATS_URL: nats.url,
    ASSET_DIRECTORY: assets,
    ASSET_URL_SECRET,
    ...env,
  }).catch(async (error) => {
    await close();
    throw error;
  });

  async function send(body: string, sent: Record<string, string> = {}) {
    // Else the gateway could ask before the server knows who answers.
    await listening;
    const response = await fetch(`${service.url}/graphql`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${KEY}`, ...sent },
    });
    // biome-ignore lint/suspicious/noExplicitAny: what an answer holds, each test says for itself.
    const answer = (await response.json()) as any;
    return { status: response.status, headers: response.headers, body: answer };
  }

  return {
    url: service.url,
    managementUrl: service.managementUrl,
    assets,
    logs: service.logs,
    answer,
    /** Forgets what was asked, and answers as in the beginning. */
    reset,
    /** What the services behind were asked, in order. */
    asked: <M extends Request>({ subject }: M) =>
      asked.filter((one) => one.subject === subject) as { body: RequestOf<M>; requestId: string | undefined }[],
    async broadcast<B extends Broadcast>({ subject }: B, body: BodyOf<B>) {
      connection.publish(subject, JSON.stringify(body));
      await connection.flush();
    },
    /** Whether anybody listens to it. All that was asked by those who listen no more has arrived. */
    async isHeard({ subject }: Broadcast): Promise<boolean> {
      const inbox = createInbox();
      let isHeard = true;
      const told = connection.subscribe(inbox, {
        callback: (_error, message) => {
          if (message.headers?.code === NO_RESPONDERS) isHeard = false;
        },
      });
      connection.publish(subject, '{"version":1}', { reply: inbox });
      // The server says that nobody listens before it answers what was sent later.
      await connection.flush();
      told.unsubscribe();
      return isHeard;
    },
    send,
    post: (query: string, { headers: sent, ...request }: Post = {}) =>
      send(JSON.stringify({ query, ...request }), sent),
    newKey: () => `dt_test_${randomUUID()}`,
    stopService: () => service.stop(),
    async stop() {
      await service.stop();
      await close();
    },
  };
}

export type Gateway = Awaited<ReturnType<typeof startGateway>>;
