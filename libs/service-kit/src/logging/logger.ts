import { EventEmitter } from 'node:events';
import type { LoggerService } from '@nestjs/common';
import { type DestinationStream, type Level, pino } from 'pino';
import { currentContext } from './request-context.js';

type Fields = Record<string, unknown> & { error?: unknown };

/** JSON lines on standard output; each carries the request id and generation that it belongs to. Never give it a secret. */
export class Logger {
  private readonly pino;

  constructor(service: string, level: string, destination?: DestinationStream) {
    const options = {
      level,
      base: { service },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label: string) => ({ level: label }) },
      serializers: { error: pino.stdSerializers.errWithCause },
      mixin: () => currentContext() ?? {},
    };
    const output = destination ?? pino.destination(process.stdout.fd);
    // A log that cannot be written, such as on a full disk, must not end the process.
    if (output instanceof EventEmitter) output.on('error', () => undefined);
    this.pino = pino(options, output);
  }

  error(message: string, fields: Fields = {}): void {
    this.pino.error(fields, message);
  }

  warn(message: string, fields: Fields = {}): void {
    this.pino.warn(fields, message);
  }

  info(message: string, fields: Fields = {}): void {
    this.pino.info(fields, message);
  }

  debug(message: string, fields: Fields = {}): void {
    this.pino.debug(fields, message);
  }

  /** Nest's own messages, in the same form; its start-up chatter is debug. */
  forNest(): LoggerService {
    const at =
      (level: Level) =>
      (message: unknown, ...rest: unknown[]) => {
        const stack = rest.find((part) => part instanceof Error || (typeof part === 'string' && part.includes('\n')));
        this.pino[level]({ nest: rest.at(-1), ...(stack ? { stack: String(stack) } : {}) }, String(message));
      };
    return {
      log: at('debug'),
      verbose: at('trace'),
      debug: at('debug'),
      warn: at('warn'),
      error: at('error'),
      fatal: at('fatal'),
    };
  }
}
