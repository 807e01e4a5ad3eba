import { startTestNats, type TestNats, waitFor } from '@doitong/support';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { Controller, Module, type OnApplicationBootstrap, type OnModuleInit } from '@nestjs/common';
import { type Gate, gate, openGates } from '../__fixtures__/gate.js';
import { parrot } from '../__fixtures__/messages.js';
import { onAnyPort } from '../__fixtures__/parrot.js';
import { ANSWER_MS, PatientBus } from '../__fixtures__/patient-bus.js';
import { Handles } from '../bus/decorators.js';
import { MessageBus } from '../bus/message-bus.js';
import { startService } from './run-service.js';

let nats: TestNats;
let connection: NatsConnection;

beforeAll(async () => {
  nats = await startTestNats();
  connection = await connect({ servers: nats.url });
});
afterAll(async () => {
  await connection.close();
  await nats.stop();
});

let brooding: Gate;
let hatching: Gate;
beforeEach(() => {
  brooding = gate();
  hatching = gate();
});
afterEach(openGates);

/** Is made when the test wants it, and asks itself as soon as it is. */
@Controller()
class EggController implements OnModuleInit, OnApplicationBootstrap {
  private hatched = false;
  said?: string;

  constructor(private readonly bus: MessageBus) {}

  async onModuleInit(): Promise<void> {
    brooding.open();
    await hatching.passed;
    this.hatched = true;
  }

  async onApplicationBootstrap(): Promise<void> {
    this.said = (await this.bus.request(parrot.say, { text: 'of my own' }, ANSWER_MS)).text;
  }

  @Handles(parrot.say)
  async say({ text }: { text: string }): Promise<{ text: string }> {
    return { text: this.hatched ? text : 'not hatched' };
  }
}
@Module({ controllers: [EggController] })
class EggModule {}

it('answers nobody before its modules are made, and its own bootstrap hooks already', async () => {
  const bus = new PatientBus(connection);
  const ask = (): Promise<string> =>
    bus.request(parrot.say, { text: 'hello' }).then(
      ({ text }) => text,
      ({ code }) => code,
    );
  const answers = new Set<string>();
  let over = false;
  const starting = startService(onAnyPort('egg', nats.url, { module: EggModule }));
  const asking = (async () => {
    while (!over) answers.add(await ask());
  })();
  try {
    await brooding.passed;
    for (let n = 0; n < 20; n++) expect(await ask()).toBe('INTERNAL');
    hatching.open();
    const service = await starting;
    expect(service.app.get(EggController).said).toBe('of my own');
    await waitFor(() => expect(answers).toContain('hello'));
    over = true;
    await asking;
    expect([...answers]).toEqual(['INTERNAL', 'hello']);
    await service.stop();
    await service.stop();
  } finally {
    over = true;
  }
});

it('whose port is taken lets go of all that it had opened', async () => {
  hatching.open();
  const first = await startService(onAnyPort('egg', nats.url));
  const port = Number(new URL(first.url).port);
  const second = startService({ ...onAnyPort('egg', nats.url, { module: EggModule }), port });
  await expect(second).rejects.toThrow(`address already in use 127.0.0.1:${port}`);
  const asked = new PatientBus(connection).request(parrot.say, { text: 'anybody?' });
  await expect(asked).rejects.toMatchObject({ code: 'INTERNAL' });
  await first.stop();
});
