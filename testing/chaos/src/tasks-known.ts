import pg from 'pg';

/** Of how many generations the vendor's task is known, durably: from then on no crash can lose or repeat it. */
export async function tasksKnown(databaseUrl: string, generations: { id: string }[]): Promise<number> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ count: string }>(
      'SELECT count(*)::int AS count FROM generations.attempts WHERE task IS NOT NULL AND generation_id = ANY ($1::text[])',
      [generations.map(({ id }) => id)],
    );
    return Number(rows[0]?.count);
  } finally {
    await client.end();
  }
}
