import type { ProviderFamily } from '@doitong/providers/kit';

/** Loads a folder of libs/providers by its name. */
export async function loadFamily(name: string): Promise<ProviderFamily> {
  try {
    const module: { family: ProviderFamily } = await import(`@doitong/providers/${name}`);
    return module.family;
  } catch (cause) {
    throw new Error(`WORKER_FAMILY "${name}" is no folder of libs/providers`, { cause });
  }
}
