import { Body, Controller, Get, HttpCode, Inject, Post, Query } from '@nestjs/common';
import { VirtualClock } from '../time/virtual-clock.js';
import { Asks } from './asks.js';
import type { Task } from './task.js';
import { TaskStore } from './task-store.js';

const most = 1_000;

/** For tests: what was submitted, and a clock that can be moved on. */
@Controller('_sandbox')
export class SubmitsController {
  constructor(
    @Inject(TaskStore) private readonly tasks: TaskStore,
    @Inject(Asks) private readonly asks: Asks,
    @Inject(VirtualClock) private readonly clock: VirtualClock,
  ) {}

  /** The newest accepted submits, oldest first; `prompt` selects those that contain it. `asked` counts what was not accepted too. */
  @Get('submits')
  submits(@Query() { family, prompt = '' }: { family?: string; prompt?: string }) {
    const found = [...this.tasks.all(family)].filter((task) => task.prompt.includes(prompt));
    return { submits: found.slice(-most).map(shown), total: found.length, asked: this.asks.count(prompt, family) };
  }

  /** All accepted submits ever, also those that are forgotten. */
  @Get('submits/count')
  count(@Query() { family }: { family?: string }) {
    const byFamily = this.tasks.countsByFamily();
    const total = Object.values(byFamily).reduce((sum, count) => sum + count, 0);
    return { count: family ? (byFamily[family] ?? 0) : total, byFamily };
  }

  /** Moves the sandbox's time on, so that tasks end and URLs expire. A restart goes back to the real time. */
  @Post('clock')
  @HttpCode(200)
  advance(@Body() body: { advanceSeconds?: unknown }) {
    this.clock.advance(Math.max(0, Number(body?.advanceSeconds) || 0) * 1000);
    return { now: new Date(this.clock.now()).toISOString() };
  }
}

const shown = ({ id, family, model, prompt, credential, createdMs, idempotencyKey }: Task) => ({
  id,
  family,
  model,
  prompt,
  credential,
  submittedAt: new Date(createdMs).toISOString(),
  idempotencyKey: idempotencyKey ?? null,
});
