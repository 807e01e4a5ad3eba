export const BROKER_VARIABLE = 'DOITONG_TEST_SERVERS';

/** The URL of this run's server, which is started by the first call of the run; or of the one that `variable` names. */
export async function serverUrl(server: 'postgres' | 'nats', variable: string): Promise<string> {
  const given = process.env[variable];
  if (given) return given;
  const broker = process.env[BROKER_VARIABLE];
  if (!broker) throw new Error(`No test servers: run under Jest, or set ${variable}.`);
  const response = await fetch(`${broker}/${server}`);
  const answer = await response.text();
  if (!response.ok) throw new Error(answer);
  return answer;
}
