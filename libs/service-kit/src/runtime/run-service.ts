import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type DynamicModule, Injectable, Module, type OnModuleInit } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyServerOptions } from 'fastify';
import { MessageBus } from '../bus/message-bus.js';
import { NatsStrategy } from '../bus/nats-strategy.js';
import { HealthChecks } from '../health/health-checks.js';
import { Logger } from '../logging/logger.js';
import { withContext } from '../logging/request-context.js';
import { KitModule } from './kit.module.js';

export interface ServiceOptions {
  name: string;
  modules: DynamicModule[];
  host: string;
  port: number;
  logLevel: string;
  /** Absent: the service speaks to no other. */
  natsUrl?: string;
  http?: FastifyServerOptions;
  logger?: Logger;
}

export interface RunningService {
  app: NestFastifyApplication;
  logger: Logger;
  /** `http://host:port` as it listens. */
  url: string;
  /** Takes no new work, finishes what it has taken, closes its connections. */
  stop(): Promise<void>;
}

/**
 * Begins to answer on NATS when every module is initialised and none is bootstrapped: a handler meets no half-made module,
 * and a bootstrap hook may ask what this same process answers. Nest calls the hooks of the root module last.
 */
@Injectable()
class Serving implements OnModuleInit {
  begin?: () => Promise<unknown>;

  async onModuleInit(): Promise<void> {
    await this.begin?.();
  }
}

@Module({ providers: [Serving] })
class ServiceModule {}

/** Starts a service: HTTP (health, metrics and its own controllers), and its handlers on NATS. */
export async function startService(options: ServiceOptions): Promise<RunningService> {
  const logger = options.logger ?? new Logger(options.name, options.logLevel);
  const root: DynamicModule = {
    module: ServiceModule,
    imports: [KitModule.forRoot({ service: options.name, natsUrl: options.natsUrl, logger }), ...options.modules],
  };
  const adapter = new FastifyAdapter({
    genReqId: (request: IncomingMessage) => header(request.headers['x-request-id']) || randomUUID(),
    ...options.http,
  });
  adapter.getInstance().addHook('onRequest', (request, _reply, done) => withContext({ requestId: request.id }, done));
  const app = await NestFactory.create<NestFastifyApplication>(root, adapter, {
    logger: logger.forNest(),
    abortOnError: false,
  });
  if (options.natsUrl) {
    const strategy = new NatsStrategy(app.get(MessageBus).connection, logger);
    app.connectMicroservice({ strategy }, { inheritAppConfig: true });
    app.get<Serving>(Serving).begin = () => app.startAllMicroservices();
  }
  try {
    await app.listen(options.port, options.host);
  } catch (error) {
    await app.close();
    throw error;
  }
  const url = await app.getUrl();
  logger.info('started', { url });

  const stop = async () => {
    app.get(HealthChecks).drain();
    // A kept-alive connection that falls idle after its last answer would hold up the end for over a minute.
    const idle = setInterval(() => app.getHttpServer().closeIdleConnections(), 50);
    // HTTP first: requests in hand still need the bus.
    await app.getHttpAdapter().getInstance().close();
    clearInterval(idle);
    await app.close();
    logger.info('stopped');
  };
  return { app, logger, url, stop };
}

const header = (value: string | string[] | undefined) =>
  typeof value === 'string' && value.length <= 128 ? value : undefined;

/** `main.ts` of a service: runs it until SIGTERM or SIGINT. A second signal ends it at once. */
export async function runService(options: () => ServiceOptions): Promise<void> {
  try {
    const service = await startService(options());
    stopOnSignal(() => service.stop());
  } catch (error) {
    fatal(error);
  }
}

/** Ends the process after `stop`, with 0, or 1 if it threw. */
export function stopOnSignal(stop: () => Promise<void>): void {
  let stopping = false;
  const onSignal = () => {
    if (stopping) process.exit(130);
    stopping = true;
    stop().then(() => process.exit(0), fatal);
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}

/** One plain message for a person, and exit code 1. */
export function fatal(error: unknown): never {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
