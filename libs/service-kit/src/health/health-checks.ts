const CHECK_MS = 2_000;

/** Thrown by a check whose message `/readyz` is to tell. */
export class NotReady extends Error {
  override readonly name = 'NotReady';
}

/** What a process needs to do its work. Everything that it depends on adds a check. */
export class HealthChecks {
  private readonly checks = new Map<string, () => Promise<void>>();
  private phase: 'starting' | 'serving' | 'draining' = 'starting';

  add(name: string, check: () => Promise<void>): void {
    this.checks.set(name, check);
  }

  /** From now on ready, while all checks go well. */
  serve(): void {
    this.phase = 'serving';
  }

  /** From now on not ready: no new work should be sent here. */
  drain(): void {
    this.phase = 'draining';
  }

  async run(): Promise<{ ready: boolean; checks: Record<string, string> }> {
    const results = await Promise.all(
      [...this.checks].map(async ([name, check]) => [name, await outcome(check)] as const),
    );
    const checks = Object.fromEntries(results);
    return { ready: this.phase === 'serving' && results.every(([, result]) => result === 'ok'), checks };
  }
}

async function outcome(check: () => Promise<void>): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`no answer in ${CHECK_MS} ms`), CHECK_MS);
  });
  const result = check().then(
    () => 'ok',
    (error) => (error instanceof NotReady ? error.message : 'failed'),
  );
  try {
    return await Promise.race([result, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
