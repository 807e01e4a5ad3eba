import { billing, DoitongError, type ReplyOf, type Request, type RequestOf, rateLimit } from '@doitong/contracts';
import { headers, type Msg, type NatsConnection } from '@nats-io/transport-node';

type ItemOf<M extends Request> = RequestOf<M> extends { items: (infer Item)[] } ? Item : never;
type Answer<M extends Request> = (body: RequestOf<M>) => ReplyOf<M> | Promise<ReplyOf<M>>;

const TTL_MS = 300_000;

/** Stands in for billing and rate-limit: generous unless told otherwise, idempotent on the generation as they are. */
export class StandIns {
  private readonly answers = new Map<string, Answer<never>>();
  private asked: { subject: string; body: unknown }[] = [];

  constructor(private readonly connection: NatsConnection) {
    this.reset();
  }

  /** Forgets what was asked, and answers as in the beginning. */
  reset(): void {
    this.asked = [];
    const expiresAt = () => new Date(Date.now() + TTL_MS).toISOString();
    this.answer(rateLimit.admit, () => ({ expiresAt: expiresAt() }));
    this.answer(rateLimit.free, () => ({}));
    this.answer(billing.hold, () => ({ expiresAt: expiresAt() }));
    this.answer(billing.raise, () => ({}));
    this.answer(billing.lower, () => ({}));
    this.answer(billing.cancelTerms, () => ({ percent: 100, freePerDay: 0 }));
    this.answer(billing.settle, () => ({ unknown: [] }));
  }

  answer<M extends Request>(message: M, answer: Answer<M>): void {
    const known = this.answers.has(message.subject);
    this.answers.set(message.subject, answer as Answer<never>);
    if (known) return;
    this.connection.subscribe(message.subject, {
      callback: (_error, received) => void this.respond(message.subject, received),
    });
  }

  refuse<M extends Request>(message: M, ...[code, text, details]: ConstructorParameters<typeof DoitongError>): void {
    this.answer(message, () => {
      throw new DoitongError(code, text, details);
    });
  }

  /** What was asked on this subject, in order. */
  saw<M extends Request>(message: M): RequestOf<M>[] {
    return this.asked.filter(({ subject }) => subject === message.subject).map(({ body }) => body as RequestOf<M>);
  }

  /** What the outbox has told on this subject. It may tell it more than once, and in any order. */
  told<M extends Request>(message: M): Set<ItemOf<M>> {
    const items = this.saw(message).flatMap((body) => (body as { items: ItemOf<M>[] }).items);
    return new Set(new Map(items.map((item) => [JSON.stringify(item), item])).values());
  }

  private async respond(subject: string, received: Msg): Promise<void> {
    const body = received.json();
    this.asked.push({ subject, body });
    try {
      received.respond(JSON.stringify(await this.answers.get(subject)!(body as never)));
    } catch (error) {
      const failure = DoitongError.of(error);
      const carried = headers();
      carried.set('Nats-Service-Error-Code', failure.code);
      received.respond(JSON.stringify(failure.body), { headers: carried });
    }
  }
}
