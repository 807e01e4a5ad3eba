import { currentActor } from '../logging/request-context.js';
import type { Queryable } from '../persistence/database.js';

/** DDL of the table that `writeAudit` uses, for the migrations of a service that operators change things in. */
export const auditTable = `
  CREATE TABLE audit (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         timestamptz NOT NULL DEFAULT now(),
    actor      text NOT NULL,
    action     text NOT NULL,
    target     text NOT NULL,
    account_id text,
    before     jsonb,
    after      jsonb
  );
  CREATE INDEX audit_by_account ON audit (account_id, id);
  CREATE INDEX audit_by_target ON audit (target, id);

  CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    RAISE EXCEPTION 'audit rows are only ever added (%)', TG_OP USING ERRCODE = 'restrict_violation';
  END $$;
  CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
`;

/** What somebody changed. Never holds a secret. */
export interface AuditedChange {
  /** Subject of the request without its first word, such as `account.suspend`. */
  action: string;
  /** Id of what was changed. */
  target: string;
  accountId?: string;
  /** What of it was changed, as it was and as it is; absent where there was or is nothing. */
  before?: object;
  after?: object;
  /** Default: for whom the request under way is made. */
  actor?: string;
}

/** Writes who changed what, in the transaction of the change. */
export async function writeAudit(tx: Queryable, change: AuditedChange): Promise<void> {
  const { action, target, accountId = null, before, after, actor = currentActor() } = change;
  await tx.query(
    'INSERT INTO audit (actor, action, target, account_id, before, after) VALUES ($1, $2, $3, $4, $5::jsonb, $6::jsonb)',
    [actor, action, target, accountId, json(before), json(after)],
  );
}

const json = (value: object | undefined) => (value ? JSON.stringify(value) : null);
