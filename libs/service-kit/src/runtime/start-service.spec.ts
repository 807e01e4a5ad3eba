import { startTestNats, type TestNats } from '@doitong/support';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { Controller, Module, type OnApplicationBootstrap, type OnModuleInit } from '@nestjs/common';
import { parrot } from '../__fixtures__/messages.js';
import { onAnyPort } from '../__fixtures__/parrot.js';
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

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Takes its time to be made, and asks itself as soon as it is. */
@Controller()
class EggController implements OnModuleInit, OnApplicationBootstrap {
  private hatched = false;
  said?: string;

  constructor(private readonly bus: MessageBus) {}

  async onModuleInit(): Promise<void> {
    await pause(200);
    this.hatched = true;
  }

  async onApplicationBootstrap(): Promise<void> {
    this.said = (await this.bus.request(parrot.say, { text: 'of my own' })).text;
  }

  @Handles(parrot.say)
  async say({ text }: { text: string }): Promise<{ text: string }> {
    return { text: this.hatched ? text : 'not hatched' };
  }
}
@Module({ controllers: [EggController] })
class EggModule {}

it('answers nobody before its modules are made, and its own bootstrap hooks already', async () => {
  const bus = new MessageBus(connection);
  const answers = new Set<string>();
  let starting = true;
  const asking = (async () => {
    while (starting) {
      const answer = await bus.request(parrot.say, { text: 'hello' }).catch((error) => error.code);
      answers.add(answer.text ?? answer);
      await pause(5);
    }
  })();
  const service = await startService(onAnyPort('egg', nats.url, { module: EggModule }));
  expect(service.app.get(EggController).said).toBe('of my own');
  await pause(50);
  starting = false;
  await asking;
  expect([...answers]).toEqual(['INTERNAL', 'hello']);
  await service.stop();
  await service.stop();
});

it('whose port is taken lets go of all that it had opened', async () => {
  const first = await startService(onAnyPort('egg', nats.url));
  const port = Number(new URL(first.url).port);
  const second = startService({ ...onAnyPort('egg', nats.url, { module: EggModule }), port });
  await expect(second).rejects.toThrow(`address already in use 127.0.0.1:${port}`);
  const asked = new MessageBus(connection).request(parrot.say, { text: 'anybody?' });
  await expect(asked).rejects.toMatchObject({ code: 'INTERNAL' });
  await first.stop();
});
