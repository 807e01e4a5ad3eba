import { DoitongError, type Principal } from '@doitong/contracts';
import { Logger, Periodic } from '@doitong/service-kit';
import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { ApiKeys } from '../auth/api-keys.js';

/** A guard of this process's memory, no limit of a plan: a server needs one connection, a browser one for each tab. */
export const MOST_CONNECTIONS = 100;
/** A revocation of which the broadcast was lost is seen after this time at the latest. */
const LOOK_AGAIN_MS = 10_000;

/** A socket whose API key was accepted. */
export interface Connection {
  principal: Principal;
  /** As it was sent, to be looked up again. */
  readonly authorization: string | undefined;
  /** Ends the connection, telling why. */
  refuse(error: DoitongError): void;
}

/** The open connections, by account. Each lives as long as its API key is accepted. */
@Injectable()
export class Connections implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly byAccount = new Map<string, Set<Connection>>();
  private readonly looks: Periodic;

  constructor(
    private readonly keys: ApiKeys,
    logger: Logger,
  ) {
    this.looks = new Periodic('look at the API keys of connections', LOOK_AGAIN_MS, () => this.checkAll(), logger);
  }

  onApplicationBootstrap(): void {
    this.looks.start();
  }

  onModuleDestroy(): Promise<void> {
    return this.looks.stop();
  }

  /** RATE_LIMIT when the account has as many as it may. */
  add(connection: Connection): void {
    const { accountId } = connection.principal;
    const others = this.byAccount.get(accountId) ?? new Set();
    if (others.size >= MOST_CONNECTIONS) {
      throw new DoitongError('RATE_LIMIT', `An account may have ${MOST_CONNECTIONS} connections open at a time.`, {
        limit: 'connections',
      });
    }
    this.byAccount.set(accountId, others.add(connection));
  }

  remove(connection: Connection): void {
    const { accountId } = connection.principal;
    const others = this.byAccount.get(accountId);
    others?.delete(connection);
    if (others?.size === 0) this.byAccount.delete(accountId);
  }

  /** Ends the account's connections whose key is no longer accepted. While keys cannot be looked up, they stay. */
  async check(accountId: string): Promise<void> {
    await Promise.all(
      [...(this.byAccount.get(accountId) ?? [])].map(async (connection) => {
        try {
          connection.principal = await this.keys.principalOf(connection.authorization);
        } catch (error) {
          const refusal = DoitongError.of(error);
          if (refusal.code !== 'INTERNAL') connection.refuse(refusal);
        }
      }),
    );
  }

  private async checkAll(): Promise<void> {
    await Promise.all([...this.byAccount.keys()].map((accountId) => this.check(accountId)));
  }
}
