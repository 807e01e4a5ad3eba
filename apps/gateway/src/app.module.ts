import { AssetUrlSigner, assetStoreConfig, createAssetStore } from '@doitong/media';
import { type DynamicModule, Module } from '@nestjs/common';
import { GraphQLModule } from '@nestjs/graphql';
import { AccountsService } from './accounts/accounts.service.js';
import { OwnKeysService } from './api-keys/api-keys.service.js';
import { assetUrlSigner } from './assets/asset-urls.js';
import { AssetsController } from './assets/assets.controller.js';
import { ApiKeys } from './auth/api-keys.js';
import { KeysController } from './auth/keys.controller.js';
import { clientAddresses, type GatewayConfig, urlRules } from './config.js';
import { CustomerUrls } from './generations/customer-urls.js';
import { GenerationsService } from './generations/generations.service.js';
import { Watches } from './generations/watches.js';
import { Documents } from './graphql/documents.js';
import { Endpoint } from './graphql/endpoint.js';
import { Gate } from './graphql/gate.js';
import { GraphqlDriver } from './graphql/graphql-driver.js';
import { GraphqlErrors } from './graphql/graphql-errors.js';
import { PreflightController } from './graphql/preflight.controller.js';
import { resolvers } from './graphql/resolvers.js';
import { ProvidersController } from './providers/providers.controller.js';
import { ProvidersService } from './providers/providers.service.js';
import { ClientAddresses } from './rate-limit/client-addresses.js';
import { RateLimits } from './rate-limit/rate-limits.js';
import { Connections } from './sockets/connections.js';
import { SocketServer } from './sockets/socket-server.js';
import { Subscriptions } from './sockets/subscriptions.js';
import { ASSET_STORE } from './tokens.js';
import { DeliveriesService } from './webhooks/deliveries.service.js';
import { EndpointsService } from './webhooks/endpoints.service.js';

export { GatewayConfig } from './config.js';

/** What stands between the network and the resolvers. Apart, as GraphQLModule imports it. */
@Module({})
class EdgeModule {
  static register(config: GatewayConfig): DynamicModule {
    return {
      module: EdgeModule,
      controllers: [KeysController],
      providers: [
        ApiKeys,
        RateLimits,
        Documents,
        Gate,
        GraphqlErrors,
        Endpoint,
        Connections,
        Subscriptions,
        SocketServer,
        { provide: ClientAddresses, useFactory: () => clientAddresses(config) },
      ],
      exports: [Documents, Endpoint],
    };
  }
}

@Module({})
export class GatewayModule {
  static register(config: GatewayConfig): DynamicModule {
    return {
      module: GatewayModule,
      imports: [
        GraphQLModule.forRootAsync({
          driver: GraphqlDriver,
          imports: [EdgeModule.register(config)],
          useFactory: () => ({ autoSchemaFile: true }),
        }),
      ],
      controllers: [AssetsController, PreflightController, ProvidersController],
      providers: [
        ...resolvers,
        AccountsService,
        DeliveriesService,
        EndpointsService,
        GenerationsService,
        OwnKeysService,
        ProvidersService,
        Watches,
        { provide: ASSET_STORE, useFactory: () => createAssetStore(assetStoreConfig(config)) },
        { provide: CustomerUrls, useValue: new CustomerUrls(urlRules(config)) },
        { provide: AssetUrlSigner, useFactory: () => assetUrlSigner(config) },
      ],
    };
  }
}
