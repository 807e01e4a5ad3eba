import { Controller, Get } from '@nestjs/common';

/** On the public port too, for load balancers; all else that tells of the process is on the management port. */
@Controller()
export class HealthController {
  /** Alive: the process answers. */
  @Get('healthz')
  healthz() {
    return { status: 'ok' };
  }
}
