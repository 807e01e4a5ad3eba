import { assetStoreConfig, clearTemporaryFiles, createAssetStore } from '@doitong/media';
import type { ProviderFamily } from '@doitong/providers/kit';
import { Logger, neverInProduction } from '@doitong/service-kit';
import { type DynamicModule, Module } from '@nestjs/common';
import { Announcer } from './announcer/announcer.js';
import { CallbackUrls } from './callbacks/callback-urls.js';
import { callbacksController } from './callbacks/callbacks.controller.js';
import type { FamilyAccess, WorkerConfig } from './config.js';
import { ByteBudget } from './inputs/byte-budget.js';
import { InputReader } from './inputs/input-reader.js';
import { AttemptRunner } from './jobs/attempt-runner.js';
import { Hints } from './jobs/hints.js';
import { Jobs } from './jobs/jobs.js';
import { Reports } from './jobs/reports.js';
import { Outputs } from './outputs/outputs.js';
import { ownPlaces } from './outputs/own-places.js';
import { CONFIG, FAMILY } from './tokens.js';
import { Vendors } from './vendors/vendors.js';
import { WorkerIdentity } from './worker-identity.js';

export { type FamilyAccess, familyAccess, WorkerConfig } from './config.js';

@Module({})
export class WorkerModule {
  /**
   * The worker of one family. Several can share a process. Throws ConfigError on a configuration that would let customers reach into our
   * own network.
   */
  static register(family: ProviderFamily, access: FamilyAccess, config: WorkerConfig): DynamicModule {
    neverInProduction(config, 'INPUT_ALLOW_LOOPBACK');
    const name = family.manifest.family;
    const live = { baseUrl: access.baseUrl ?? family.baseUrl, credentials: access.credentials };
    const sandboxUrl = config.SANDBOX_URL && `${config.SANDBOX_URL.replace(/\/+$/, '')}/${name}`;
    return {
      module: WorkerModule,
      controllers: [callbacksController(family)],
      providers: [
        { provide: CONFIG, useValue: config },
        { provide: FAMILY, useValue: family },
        { provide: Vendors, useValue: new Vendors(live, sandboxUrl) },
        {
          provide: CallbackUrls,
          inject: [Logger],
          useFactory: (logger: Logger) => callbackUrls(config, live.credentials.length > 0, logger),
        },
        {
          provide: InputReader,
          useValue: new InputReader(config.INPUT_ALLOW_LOOPBACK, new ByteBudget(config.INPUT_BYTES_IN_HAND)),
        },
        {
          provide: Outputs,
          useFactory: async () => {
            await clearTemporaryFiles();
            return new Outputs(await createAssetStore(assetStoreConfig(config)), {
              maxBytes: config.OUTPUT_MAX_BYTES,
              trusts: ownPlaces(access.baseUrl, config.SANDBOX_URL),
            });
          },
        },
        Announcer,
        AttemptRunner,
        Hints,
        Jobs,
        Reports,
        WorkerIdentity,
      ],
    };
  }
}

function callbackUrls(config: WorkerConfig, isLive: boolean, logger: Logger): CallbackUrls {
  const urls = new CallbackUrls(config.CALLBACK_BASE_URL, config.CALLBACK_SECRET);
  if (isLive && config.CALLBACK_BASE_URL && !urls.isPublic) {
    logger.warn('live vendors are polled only: CALLBACK_BASE_URL is no public https URL', {
      family: config.WORKER_FAMILY,
      callbackBaseUrl: config.CALLBACK_BASE_URL,
    });
  }
  return urls;
}
