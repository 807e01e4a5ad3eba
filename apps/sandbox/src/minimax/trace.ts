import { randomInt } from 'node:crypto';
import type { FastifyReply } from 'fastify';

/** The id by which the vendor's support finds a call. */
export const trace = (reply: FastifyReply) =>
  reply.header(
    'trace-id',
    randomInt(2 ** 47)
      .toString(16)
      .padStart(32, '0'),
  );
