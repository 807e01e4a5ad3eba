import { DoitongError, type ReplyOf, type Request, type RequestOf } from '@doitong/contracts';
import { startTestNats, type TestNats, waitFor } from '@doitong/support';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { connect, headers, type NatsConnection, type Subscription } from '@nats-io/transport-node';
import { readableLogger } from '../__fixtures__/logs.js';
import { parrot } from '../__fixtures__/messages.js';
import { hearing, onAnyPort, relaying, speaking } from '../__fixtures__/parrot.js';
import { ANSWER_MS, PatientBus } from '../__fixtures__/patient-bus.js';
import { withContext } from '../logging/request-context.js';
import { type RunningService, startService } from '../runtime/run-service.js';
import { MessageBus } from './message-bus.js';

const speaker = readableLogger('speaker');
const relay = readableLogger('relay');
const heard: string[][] = [[], [], []];

let nats: TestNats;
let connection: NatsConnection;
let bus: PatientBus;
const services: RunningService[] = [];

beforeAll(async () => {
  nats = await startTestNats();
  connection = await connect({ servers: nats.url });
  bus = new PatientBus(connection);
  services.push(
    await startService({
      ...onAnyPort('speaker', nats.url, speaking, hearing(heard[0]!), hearing(heard[1]!)),
      logger: speaker.logger,
    }),
    await startService({ ...onAnyPort('relay', nats.url, relaying, hearing(heard[2]!)), logger: relay.logger }),
  );
});
afterAll(async () => {
  for (const service of services) await service.stop();
  await connection.close();
  await nats.stop();
});

/** The answer as it is on the wire. */
const rawAnswer = (message: Request, body: string) => connection.request(message.subject, body, { timeout: ANSWER_MS });

async function failureOf<M extends Request>(message: M, body: RequestOf<M>): Promise<DoitongError> {
  const outcome: ReplyOf<M> | DoitongError = await bus.request(message, body).catch((error) => error);
  if (outcome instanceof DoitongError) return outcome;
  throw new Error(`not a DoitongError: ${JSON.stringify(outcome)}`);
}

it('a request is answered', async () => {
  await expect(bus.request(parrot.say, { text: 'kraa' })).resolves.toEqual({ text: 'kraa' });
});

it('an error that a handler throws arrives with the same body', async () => {
  const failure = await failureOf(parrot.refuse, { text: 'kraa' });
  expect(failure.body).toEqual({
    code: 'RATE_LIMIT',
    message: 'Not again: kraa',
    retryable: true,
    billed: false,
    stage: 'DELIVERY',
    retryAfter: 7,
    limit: 'per_minute',
  });
});

it('an unforeseen failure arrives as INTERNAL and tells nothing; the log has it', async () => {
  const raw = await rawAnswer(parrot.breakDown, JSON.stringify({ text: 'kraa' }));
  expect(raw.headers?.get('Nats-Service-Error-Code')).toBe('INTERNAL');
  expect(raw.json()).toEqual({
    code: 'INTERNAL',
    message: 'Something went wrong on our side. Please try again.',
    retryable: true,
    billed: false,
    stage: 'ADMISSION',
  });
  expect(JSON.stringify(speaker.lines)).toContain('SELECT secret FROM feathers');
});

it('a request of a wrong shape is refused with the place named', async () => {
  const failure = await failureOf(parrot.say, { text: 42 as unknown as string });
  expect(failure.body).toMatchObject({ code: 'INVALID_INPUT', message: 'parrot.say: message/text must be string' });
  const raw = await rawAnswer(parrot.say, 'no JSON');
  expect(raw.json()).toMatchObject({ code: 'INVALID_INPUT' });
});

it('text that no service can store is refused with its field named, alone and among others', async () => {
  const refused = { code: 'INVALID_INPUT', retryable: false, field: 'text' };
  const texts = ['a\0b', 'a\ud83e'];
  for (const text of texts) expect((await failureOf(parrot.say, { text })).body).toMatchObject(refused);
  const together = await Promise.all(texts.map((text) => failureOf(parrot.repeat, { text, times: 1 })));
  expect(together.map(({ body }) => body)).toMatchObject([refused, refused]);
});

it('a reply of a wrong shape is INTERNAL, no fault of who asked', async () => {
  const failure = await failureOf(parrot.mumble, { text: 'kraa' });
  expect(failure.code).toBe('INTERNAL');
  expect(failure.message).not.toContain('mumble');
  expect(String(failure.cause)).toContain('the answer on parrot.mumble breaks its contract');
});

it('nobody listening is a retryable INTERNAL long before the time is up', async () => {
  const extinct = { ...parrot.say, subject: 'parrot.extinct' };
  // Of this hour, the test has a minute.
  const failure = await bus.request(extinct, { text: 'kraa' }, 3_600_000).catch((error) => error);
  expect(failure.body).toMatchObject({ code: 'INTERNAL', retryable: true });
  expect(String(failure.cause)).toContain('no answer on parrot.extinct');
});

it('nobody answering is a retryable INTERNAL when the time is up', async () => {
  const failure = await bus.request(parrot.saySlowly, { text: 'kraa', ms: 500 }, 100).catch((error) => error);
  expect(failure.body).toMatchObject({ code: 'INTERNAL', retryable: true });
});

it('a message larger than NATS carries is refused', async () => {
  const failure = await failureOf(parrot.say, { text: 'a'.repeat(2_000_000) });
  expect(failure.body).toMatchObject({ code: 'INVALID_INPUT', message: expect.stringContaining('too large') });
});

it('an answer larger than NATS carries is INTERNAL long before the time is up, and the log has why, of which request', async () => {
  const failure = await withContext({ requestId: 'too much' }, () =>
    bus.request(parrot.repeat, { text: 'a', times: 2_000_000 }, 3_600_000).catch((error) => error),
  );
  expect(failure.body).toMatchObject({ code: 'INTERNAL', message: expect.stringContaining('on our side') });
  const line = speaker.lines.find(({ requestId }) => requestId === 'too much');
  expect(line).toMatchObject({ msg: 'parrot.repeat failed' });
  expect(JSON.stringify(line)).toContain('max_payload');
});

describe('small questions that are asked in one turn', () => {
  const messages: number[] = [];
  let spy: Subscription;
  beforeAll(() => {
    spy = connection.subscribe(parrot.repeat.subject, {
      callback: (_error, { headers }) => void messages.push(Number(headers?.get('Doitong-Together') || 1)),
    });
  });
  beforeEach(() => void messages.splice(0));
  afterAll(() => spy.unsubscribe());

  const repeat = (text: string, times: number): Promise<string> =>
    withContext({ requestId: `asks ${text}` }, () => bus.request(parrot.repeat, { text, times })).then(
      ({ text, requestId }) => `${text} ${requestId}`,
      ({ code, message }) => `${code} ${message}`,
    );

  it('travel as one; each has its own answer, its own refusal and its own request id', async () => {
    const answers = await Promise.all([repeat('a', 2), repeat('b', 0), repeat('c', 1), repeat('d', 1.5)]);
    expect(answers).toEqual([
      'aa asks a',
      'FORBIDDEN Never: b',
      'c asks c',
      'INVALID_INPUT parrot.repeat: message/times must be integer',
    ]);
    expect(messages).toEqual([4]);
  });

  it('travel by 64', async () => {
    const texts = Array.from({ length: 150 }, (_, n) => `${n};`);
    expect(await Promise.all(texts.map((text) => repeat(text, 1)))).toEqual(
      texts.map((text) => `${text} asks ${text}`),
    );
    expect(messages).toEqual([64, 64, 22]);
  });

  it('have room for each other: a large one goes alone', async () => {
    const large = bus.request(parrot.repeat, { text: 'x'.repeat(900_000), times: 1 });
    expect(await Promise.all([repeat('a', 1), repeat('b', 1)])).toEqual(['a asks a', 'b asks b']);
    expect((await large).text).toHaveLength(900_000);
    expect(messages.sort()).toEqual([1, 2]);
  });

  it('are asked again apart when their answers are too large for one message', async () => {
    const answers = await Promise.all([repeat('a', 600_000), repeat('b', 600_000), repeat('c', 1)]);
    expect(answers.map((answer) => answer.length)).toEqual([600_007, 600_007, 8]);
    expect(messages).toEqual([3, 1, 1, 1]);
  });

  it('have their own answers though that of one is larger than NATS carries', async () => {
    const answers = await Promise.all([repeat('a', 2_000_000), repeat('b', 1)]);
    expect(answers).toEqual([expect.stringMatching(/^INTERNAL .*on our side/), 'b asks b']);
  });

  it('have their own answers though that of one breaks its contract', async () => {
    const subject = 'parrot.broken';
    const standIn = connection.subscribe(subject, {
      callback: (_error, received) => {
        if (received.headers?.has('Doitong-Together')) {
          received.respond('', { headers: apart });
        } else {
          const { text } = received.json<{ text: string }>();
          received.respond(text === 'broken' ? 'no JSON' : JSON.stringify({ text, requestId: 'one' }));
        }
      },
    });
    const apart = headers();
    apart.set('Doitong-Apart', '3');
    const ask = (text: string) =>
      bus.request({ ...parrot.repeat, subject }, { text, times: 1 }).then(
        (answer) => answer.text,
        ({ code }) => code,
      );
    expect(await Promise.all(['a', 'broken', 'c'].map(ask))).toEqual(['a', 'INTERNAL', 'c']);
    standIn.unsubscribe();
  });

  it('are sent by halves when they are larger together than NATS carries', async () => {
    const small = { ...connection.info!, max_payload: 4_096 + 150 };
    const narrow = Object.create(connection, { info: { value: small } }) as NatsConnection;
    const own = new PatientBus(narrow);
    const ask = (text: string) => own.request(parrot.repeat, { text, times: 1 }).then((answer) => answer.text);
    expect(await Promise.all(['a', 'b', 'c', 'd'].map(ask))).toEqual(['a', 'b', 'c', 'd']);
  });

  it('fail together when nobody answers', async () => {
    const extinct = { ...parrot.repeat, subject: 'parrot.extinct' };
    const asked = [1, 2].map((times) => bus.request(extinct, { text: 'a', times }).catch(({ code }) => code));
    expect(await Promise.all(asked)).toEqual(['INTERNAL', 'INTERNAL']);
  });
});

it('a request id goes from HTTP through every service that is asked, into each line of their logs', async () => {
  // A body that comes after its head is read outside of what the head has set up.
  const body = new ReadableStream({
    async start(controller) {
      await new Promise((resolve) => setTimeout(resolve, 30));
      controller.enqueue(Buffer.from(JSON.stringify({ text: 'through' })));
      controller.close();
    },
  });
  const response = await fetch(`${services[1]!.url}/say`, {
    body,
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-request-id': 'one-request' },
    duplex: 'half',
  } as RequestInit);
  expect(await response.json()).toEqual({ text: 'through' });
  const lines = [...relay.lines, ...speaker.lines].filter(({ requestId }) => requestId === 'one-request');
  expect(lines.map(({ service, msg }) => [service, msg])).toEqual([
    ['relay', 'asked over HTTP'],
    ['relay', 'asked over NATS'],
    ['speaker', 'said'],
  ]);
});

it('a broadcast reaches every process, and each module in it once', async () => {
  const cats = () => heard.map((texts) => texts.filter((text) => text === 'cat'));
  bus.broadcast(parrot.heard, { text: 'cat' });
  await waitFor(() => expect(cats()).toEqual([['cat'], ['cat'], ['cat']]));
  await bus.request(parrot.sayThrough, { text: 'all that was under way has arrived' });
  expect(cats()).toEqual([['cat'], ['cat'], ['cat']]);
});

it('what is no broadcast, or cannot be handled, does not stop a listener', async () => {
  const texts: string[] = [];
  const { logger, lines } = readableLogger('listener');
  const own = new MessageBus(connection, logger);
  const listener = own.listen(parrot.heard, ({ text }) => {
    if (text === 'boom') throw new Error('a listener broke down');
    texts.push(text);
  });
  connection.publish(parrot.heard.subject, 'no JSON');
  connection.publish(parrot.heard.subject, JSON.stringify({ text: 7 }));
  own.broadcast(parrot.heard, { text: 'boom' });
  own.broadcast(parrot.heard, { text: 'still here' });
  await waitFor(() => expect(texts).toEqual(['still here']));
  expect(lines).toHaveLength(3);
  listener.unsubscribe();
});

it('replicas share the requests', async () => {
  const twin = readableLogger('twin');
  const service = await startService({ ...onAnyPort('twin', nats.url, speaking), logger: twin.logger });
  await Promise.all(Array.from({ length: 200 }, () => bus.request(parrot.say, { text: 'shared' })));
  const answered = [twin, speaker].map(
    ({ lines }) => lines.filter(({ msg, text }) => msg === 'said' && text === 'shared').length,
  );
  expect(answered[0]! + answered[1]!).toBe(200);
  expect(Math.min(...answered)).toBeGreaterThan(0);
  await service.stop();
});

it('a replica that stops answers what it has taken, and loses nothing to the others', async () => {
  const twin = await startService(onAnyPort('twin', nats.url, speaking));
  const answers: Promise<unknown>[] = [];
  let stopped: Promise<void> | undefined;
  for (let round = 0; round < 40; round++) {
    for (let n = 0; n < 10; n++) answers.push(bus.request(parrot.saySlowly, { text: 'kraa', ms: 50 }));
    if (round === 10) stopped = twin.stop();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await stopped;
  await expect(Promise.all(answers)).resolves.toHaveLength(400);
});
