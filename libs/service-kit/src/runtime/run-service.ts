import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type DynamicModule, Injectable, Module, type OnModuleInit } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { MessageBus } from '../bus/message-bus.js';
import { NatsStrategy } from '../bus/nats-strategy.js';
import { STOP_GRACE_MS } from '../config/common-config.js';
import { HealthChecks } from '../health/health-checks.js';
import { type ManagementOptions, startManagement } from '../health/management.js';
import { Metrics } from '../health/metrics.js';
import { Logger } from '../logging/logger.js';
import { withContext } from '../logging/request-context.js';
import { Connections } from './connections.js';
import { Dependencies } from './dependencies.js';
import { KitModule, type KitOptions } from './kit.module.js';
import { takeUtf8Only } from './utf8-bodies.js';

export interface ServiceOptions {
  name: string;
  modules: DynamicModule[];
  host: string;
  port: number;
  /** Where it answers about itself; absent: nowhere. */
  management?: ManagementOptions;
  logLevel: string;
  /** Absent: the service speaks to no other. */
  natsUrl?: string;
  /** How long a stop waits for requests in hand before it cuts them off. Default 25,000: less than the 30 s that Kubernetes gives. */
  stopGraceMs?: number;
  /** Other limits than `HTTP_LIMITS`. */
  httpLimits?: Partial<HttpLimits>;
  logger?: Logger;
  /** Ends the wait for what it depends on: the start fails with the signal's reason. */
  signal?: AbortSignal;
}

/** How long a client may take, in milliseconds. */
interface HttpLimits {
  /** To send a whole request, from its first byte: then it is answered 408, and its connection closed. */
  requestTimeout: number;
  /** To read or send nothing while an answer is on its way: then its connection is closed. A player that was paused asks for the rest again. */
  connectionTimeout: number;
}

const HTTP_LIMITS: HttpLimits = { requestTimeout: 45_000, connectionTimeout: 600_000 };
/** How often Node looks for requests that take too long. */
const LOOK_MS = 5_000;

export interface RunningService {
  app: NestFastifyApplication;
  logger: Logger;
  /** `http://host:port` as it listens. */
  url: string;
  /** The same of its management side; absent: it has none. */
  managementUrl?: string;
  /** Resolves when it has lost for good what it cannot work without: a new process can. */
  lost: Promise<Error>;
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

/**
 * Starts a service: its handlers on NATS, and HTTP. It waits for NATS and PostgreSQL as long as they are away, and answers about itself
 * on the management side meanwhile.
 */
export async function startService(options: ServiceOptions): Promise<RunningService> {
  const { name: service, logger = new Logger(service, options.logLevel), natsUrl, signal } = options;
  const [health, metrics] = [new HealthChecks(), new Metrics(service)];
  const dependencies = new Dependencies(health, logger, signal);
  const management = options.management && (await startManagement(options.management, health, metrics));
  const managementUrl = management?.url;
  try {
    const { app, url, close } = await serve(options, { service, natsUrl, logger, metrics, health, dependencies });
    health.serve();
    logger.info('started', { url, managementUrl });
    const stop = async () => {
      health.drain();
      await close();
      await management?.close();
      logger.info('stopped');
    };
    return { app, logger, url, managementUrl, lost: dependencies.lost, stop };
  } catch (error) {
    await Promise.all([dependencies.close(), management?.close()]);
    throw error;
  }
}

/** What it serves, as soon as what it depends on is there. */
async function serve(options: ServiceOptions, kit: KitOptions) {
  const root: DynamicModule = { module: ServiceModule, imports: [KitModule.forRoot(kit), ...options.modules] };
  const limits = { ...HTTP_LIMITS, ...options.httpLimits };
  const adapter = new FastifyAdapter({
    genReqId: (request: IncomingMessage) => header(request.headers['x-request-id']) || randomUUID(),
    ...limits,
    // Node swaps the two if the headers may take longer than the whole.
    http: { headersTimeout: limits.requestTimeout, connectionsCheckingInterval: LOOK_MS },
  });
  adapter.getInstance().addHook('onRequest', (request, _reply, done) => withContext({ requestId: request.id }, done));
  const app = await NestFactory.create<NestFastifyApplication>(root, adapter, {
    logger: kit.logger.forNest(),
    abortOnError: false,
  });
  takeUtf8Only(app);
  const connections = new Connections(app.getHttpServer());
  if (kit.natsUrl) {
    const strategy = new NatsStrategy(app.get(MessageBus).connection, kit.logger);
    app.connectMicroservice({ strategy }, { inheritAppConfig: true });
    app.get<Serving>(Serving).begin = () => app.startAllMicroservices();
  }
  try {
    await app.listen(options.port, options.host);
  } catch (error) {
    await app.close();
    throw error;
  }
  const close = async () => {
    // HTTP first: requests in hand still need the bus.
    await connections.endDuring(() => app.getHttpAdapter().getInstance().close(), options.stopGraceMs ?? STOP_GRACE_MS);
    await app.close();
  };
  return { app, url: await app.getUrl(), close };
}

const header = (value: string | string[] | undefined) =>
  typeof value === 'string' && value.length <= 128 ? value : undefined;

/** `main.ts` of a service: runs it until SIGTERM or SIGINT, which end the wait for what it depends on too. A second signal ends it at once. */
export async function runService(options: () => ServiceOptions): Promise<void> {
  const waiting = new AbortController();
  try {
    const starting = startService({ ...options(), signal: waiting.signal });
    stopOnSignal(async () => {
      waiting.abort();
      await starting.then(
        (service) => service.stop(),
        () => undefined,
      );
    });
    const { lost, logger } = await starting;
    const error = await lost;
    logger.error('ends, so that it is started anew', { error });
    fatal(error);
  } catch (error) {
    // Else it ends by the signal.
    if (!waiting.signal.aborted) fatal(error);
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
