import { createHmac, timingSafeEqual } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { DataDir } from '../storage/data-dir.js';
import type { Task } from '../tasks/task.js';

/** URLs of outputs, signed and expiring, as vendors hand them out. */
@Injectable()
export class Links {
  private readonly key: Buffer;

  constructor(@Inject(DataDir) dir: DataDir) {
    this.key = dir.derive('file links');
  }

  /** URL of a task's output, good until the clock shows `expiresMs`. `name` is how the vendor calls the file. */
  to(task: Task, output: number, name: string, expiresMs: number): string {
    const path = `/files/${task.family}/${task.id}/${output}/${name}`;
    const expires = String(Math.floor(expiresMs));
    return `${task.origin}${path}?se=${expires}&sig=${this.sign(path, expires)}`;
  }

  isGood(path: string, expires: string, signature: string, nowMs: number): boolean {
    const wanted = Buffer.from(this.sign(path, expires));
    const given = Buffer.from(signature);
    return wanted.length === given.length && timingSafeEqual(wanted, given) && nowMs <= Number(expires);
  }

  private sign(path: string, expires: string): string {
    return createHmac('sha256', this.key).update(`${path}\n${expires}`).digest('base64url');
  }
}
