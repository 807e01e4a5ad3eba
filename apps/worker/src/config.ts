import { assetStoreVariables } from '@doitong/media';
import { type FamilyName, families } from '@doitong/providers';
import { CommonConfig, loadConfig, port } from '@doitong/service-kit';
import Type, { type Static } from 'typebox';

export const WorkerConfig = Type.Object({
  ...CommonConfig,
  ...assetStoreVariables,
  PORT: port(4005),
  /** The folder of libs/providers that this worker serves. */
  WORKER_FAMILY: Type.Enum(Object.keys(families) as FamilyName[]),
  /** Attempts in hand at once; most of them only wait for their vendor. */
  WORKER_CONCURRENCY: Type.Integer({ minimum: 1, default: 200 }),
  /** Must be the same as that of `generations`, in ms. */
  JOB_LEASE_MS: Type.Integer({ minimum: 500, default: 15_000 }),
  /** Base URL of the sandbox, which test keys reach. Absent: no test generations here. */
  SANDBOX_URL: Type.Optional(Type.String({ format: 'uri' })),
  /** The sandbox's time factor: its tasks are polled that much sooner. */
  SANDBOX_SPEED: Type.Number({ minimum: 0, default: 1 }),
  /** Where vendors' callbacks reach this worker from outside. Absent: polling only. Live vendors are told public https URLs alone. */
  CALLBACK_BASE_URL: Type.Optional(Type.String({ format: 'uri' })),
  /** Makes callback URLs unguessable; the same for all replicas of a family. */
  CALLBACK_SECRET: Type.Optional(Type.String({ minLength: 32 })),
  /** Longest output that is taken from a vendor, in bytes. */
  OUTPUT_MAX_BYTES: Type.Integer({ minimum: 1, default: 2 * 1024 ** 3 }),
  /** Bytes of customers' files that are in memory at once, while vendors are sent them; sending costs up to three times as much again. */
  INPUT_BYTES_IN_HAND: Type.Integer({ minimum: 1, default: 128 * 1024 ** 2 }),
  /** Whether customers' input URLs may point at this machine; for tests and local use, refused with NODE_ENV=production. */
  INPUT_ALLOW_LOOPBACK: Type.Boolean({ default: false }),
  NODE_ENV: Type.Optional(Type.String()),
});
export type WorkerConfig = Static<typeof WorkerConfig>;

/** Of one family: where its live API is, when not where the vendor says, and the credentials to use it with. */
export interface FamilyAccess {
  baseUrl?: string;
  credentials: string[];
}

/** Reads `<FAMILY>_BASE_URL` and `<FAMILY>_API_KEYS` (comma separated), the family in capitals with underscores. */
export function familyAccess(family: string, env: NodeJS.ProcessEnv = process.env): FamilyAccess {
  const prefix = family.toUpperCase().replaceAll('-', '_');
  const baseUrl = `${prefix}_BASE_URL`;
  const keys = `${prefix}_API_KEYS`;
  const schema = Type.Object({
    [baseUrl]: Type.Optional(Type.String({ format: 'uri' })),
    [keys]: Type.Optional(Type.String()),
  });
  const config: Record<string, string | undefined> = loadConfig(schema, env);
  const credentials = (config[keys] ?? '').split(',').map((key) => key.trim());
  return { baseUrl: config[baseUrl]?.replace(/\/+$/, ''), credentials: credentials.filter((key) => key !== '') };
}
