import { loadConfig } from '@doitong/service-kit';
import { expect, it } from '@jest/globals';
import { GatewayConfig, urlRules } from './config.js';

it.each(['INPUT_ALLOW_LOOPBACK', 'WEBHOOK_ALLOW_LOOPBACK'])('%s is refused in production', (name) => {
  const rules = (NODE_ENV: string) => () =>
    urlRules(loadConfig(GatewayConfig, { ASSET_URL_SECRET: 'a secret of some length', [name]: 'true', NODE_ENV }));
  expect(rules('production')).toThrow(`${name} must not be set with NODE_ENV=production`);
  expect(rules('test')).not.toThrow();
});
