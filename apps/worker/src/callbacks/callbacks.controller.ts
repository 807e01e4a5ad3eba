import { attempts, DoitongError } from '@doitong/contracts';
import type { ProviderFamily } from '@doitong/providers/kit';
import { MessageBus } from '@doitong/service-kit';
import { Body, Controller, HttpCode, Param, Post, type Type } from '@nestjs/common';
import { CallbackUrls } from './callback-urls.js';

/**
 * Where one family's vendor calls back. A callback is a hint, never a verdict: whichever worker holds the attempt polls at once.
 * A class for each family, so that several can share a process.
 */
export function callbacksController({ manifest: { family }, adapter }: ProviderFamily): Type {
  @Controller(`callbacks/${family}`)
  class CallbacksController {
    constructor(
      private readonly urls: CallbackUrls,
      private readonly bus: MessageBus,
    ) {}

    @Post(':attemptId/:token')
    @HttpCode(200)
    receive(@Param('attemptId') attemptId: string, @Param('token') token: string, @Body() body: unknown) {
      if (!adapter.parseCallback || !this.urls.isGenuine(attemptId, token)) {
        throw new DoitongError('NOT_FOUND', 'There is nothing here.');
      }
      const callback = adapter.parseCallback(body);
      if (callback.kind === 'challenge') return callback.reply;
      this.bus.broadcast(attempts.hint(family), { attemptId, what: 'poll' });
      return {};
    }
  }
  return CallbacksController;
}
