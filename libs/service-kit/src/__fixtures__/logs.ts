import { Logger } from '../logging/logger.js';

/** A logger whose lines can be read. */
export function readableLogger(service: string) {
  const lines: Record<string, unknown>[] = [];
  const logger = new Logger(service, 'info', { write: (line) => void lines.push(JSON.parse(line)) });
  return { logger, lines };
}
