import { Database } from '@doitong/service-kit';
import { Inject, Injectable } from '@nestjs/common';

interface Row {
  account_id: string;
  secret: string;
}

@Injectable()
export class SecretsRepository {
  constructor(@Inject(Database) private readonly database: Database) {}

  /** By account; accounts without one are missing. */
  async find(accountIds: string[]): Promise<Map<string, string>> {
    const rows = await this.database.query<Row>(
      'SELECT account_id, secret FROM secrets WHERE account_id = ANY($1::text[])',
      [accountIds],
    );
    return new Map(rows.map((row) => [row.account_id, row.secret]));
  }

  /** An account that has one by now keeps it. */
  async add(secrets: Map<string, string>): Promise<void> {
    await this.database.query(
      `INSERT INTO secrets (account_id, secret)
       SELECT * FROM unnest($1::text[], $2::text[]) AS given(account_id, secret) ORDER BY account_id
       ON CONFLICT (account_id) DO NOTHING`,
      [[...secrets.keys()], [...secrets.values()]],
    );
  }
}
