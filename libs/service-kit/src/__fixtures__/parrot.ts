import { DoitongError, type ReplyOf, type RequestOf } from '@doitong/contracts';
import { Body, Controller, type DynamicModule, Module, Post } from '@nestjs/common';
import { Handles, Hears } from '../bus/decorators.js';
import { MessageBus } from '../bus/message-bus.js';
import { Logger } from '../logging/logger.js';
import { currentRequestId } from '../logging/request-context.js';
import { type ServiceOptions } from '../runtime/run-service.js';
import { parrot } from './messages.js';
import { ANSWER_MS } from './patient-bus.js';

type Text = RequestOf<typeof parrot.say>;

@Controller()
class ParrotController {
  constructor(private readonly logger: Logger) {}

  @Handles(parrot.say)
  async say({ text }: Text): Promise<Text> {
    this.logger.info('said', { text });
    return { text };
  }

  @Handles(parrot.saySlowly)
  async saySlowly({ text, ms }: RequestOf<typeof parrot.saySlowly>): Promise<Text> {
    await new Promise((resolve) => setTimeout(resolve, ms));
    return { text };
  }

  @Handles(parrot.repeat)
  async repeat({ text, times }: RequestOf<typeof parrot.repeat>): Promise<ReplyOf<typeof parrot.repeat>> {
    if (times === 0) throw new DoitongError('FORBIDDEN', `Never: ${text}`);
    return { text: text.repeat(times), requestId: currentRequestId() };
  }

  @Handles(parrot.refuse)
  async refuse({ text }: Text): Promise<Text> {
    throw new DoitongError('RATE_LIMIT', `Not again: ${text}`, {
      retryAfter: 7,
      limit: 'per_minute',
      stage: 'DELIVERY',
    });
  }

  @Handles(parrot.breakDown)
  async breakDown(): Promise<Text> {
    throw new Error('relation "feathers" does not exist: SELECT secret FROM feathers');
  }

  @Handles(parrot.mumble)
  async mumble(): Promise<ReplyOf<typeof parrot.mumble>> {
    return { text: 42 as unknown as string };
  }
}

/** Sends on what it is asked, over HTTP and NATS. */
@Controller()
class RelayController {
  constructor(
    private readonly bus: MessageBus,
    private readonly logger: Logger,
  ) {}

  @Post('say')
  sayOverHttp(@Body() body: Text): Promise<Text> {
    this.logger.info('asked over HTTP');
    return this.bus.request(parrot.sayThrough, body, ANSWER_MS);
  }

  @Handles(parrot.sayThrough)
  sayThrough(body: Text): Promise<Text> {
    this.logger.info('asked over NATS');
    return this.bus.request(parrot.say, body, ANSWER_MS);
  }
}

@Module({ controllers: [ParrotController] })
class ParrotModule {}

@Module({ controllers: [RelayController] })
class RelayModule {}

export const speaking: DynamicModule = { module: ParrotModule };
export const relaying: DynamicModule = { module: RelayModule };

/** A module of its own class that writes down what it hears. */
export function hearing(heard: string[]): DynamicModule {
  @Controller()
  class EarController {
    @Hears(parrot.heard)
    async hear({ text }: Text): Promise<void> {
      heard.push(text);
    }
  }
  @Module({ controllers: [EarController] })
  class EarModule {}
  return { module: EarModule };
}

export const onAnyPort = (name: string, natsUrl: string | undefined, ...modules: DynamicModule[]): ServiceOptions => ({
  name,
  modules,
  natsUrl,
  host: '127.0.0.1',
  port: 0,
  management: { host: '127.0.0.1', port: 0 },
  logLevel: 'silent',
});
