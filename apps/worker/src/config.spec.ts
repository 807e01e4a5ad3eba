import { families } from '@doitong/providers';
import { loadConfig } from '@doitong/service-kit';
import { describe, expect, it } from '@jest/globals';
import { WorkerModule } from './app.module.js';
import { familyAccess, WorkerConfig } from './config.js';

describe("a family's access", () => {
  it('is read from variables of its own name, the keys separated by commas', () => {
    const env = {
      BLACK_FOREST_LABS_API_KEYS: ' one, two ,,',
      BLACK_FOREST_LABS_BASE_URL: 'https://bfl.example/',
      HEDRA_API_KEYS: 'three',
    };
    expect(familyAccess('black-forest-labs', env)).toEqual({
      baseUrl: 'https://bfl.example',
      credentials: ['one', 'two'],
    });
    expect(familyAccess('hedra', env)).toEqual({ baseUrl: undefined, credentials: ['three'] });
    expect(familyAccess('minimax', env).credentials).toEqual([]);
  });

  it('that is wrong is refused by the name of its variable, without a secret', () => {
    const env = { HEDRA_BASE_URL: 'not a url', HEDRA_API_KEYS: 'the-secret' };
    expect(() => familyAccess('hedra', env)).toThrow(/HEDRA_BASE_URL/);
    expect(() => familyAccess('hedra', env)).not.toThrow(/the-secret/);
  });
});

it('a worker that would read inputs from this machine does not start in production', () => {
  const env = { WORKER_FAMILY: 'hedra', INPUT_ALLOW_LOOPBACK: 'true' };
  const start = (more: NodeJS.ProcessEnv) => () =>
    WorkerModule.register(families.hedra, { credentials: [] }, loadConfig(WorkerConfig, { ...env, ...more }));
  expect(start({ NODE_ENV: 'production' })).toThrow('INPUT_ALLOW_LOOPBACK must not be set');
  expect(start({ NODE_ENV: 'production', INPUT_ALLOW_LOOPBACK: 'false' })).not.toThrow();
  expect(start({})).not.toThrow();
});
