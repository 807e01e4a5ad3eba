/** Columns of `Limits`, of a statement over `accounts` and `plans`: what an account has of its own comes before its plan. */
export const inForce = `coalesce(accounts.requests_per_minute, plans.requests_per_minute) AS "requestsPerMinute",
  coalesce(accounts.concurrent, plans.concurrent) AS concurrent, coalesce(accounts.per_day, plans.per_day) AS "perDay"`;
