import { Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { SandboxConfig } from '../config.js';
import { CONFIG } from '../tokens.js';

/** The base of the URLs that are handed out. */
@Injectable()
export class Origins {
  constructor(@Inject(CONFIG) private readonly config: SandboxConfig) {}

  of(request: FastifyRequest): string {
    return this.config.SANDBOX_PUBLIC_URL?.replace(/\/+$/, '') ?? `${request.protocol}://${request.host}`;
  }
}
