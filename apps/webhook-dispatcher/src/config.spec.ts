import { loadConfig } from '@doitong/service-kit';
import { expect, it } from '@jest/globals';
import { refuseUnsafe, WebhookDispatcherConfig } from './config.js';

const env = {
  DATABASE_URL: 'postgres://127.0.0.1/doitong',
  PUBLIC_URL: 'https://api.example.com',
  ASSET_URL_SECRET: 'a secret of some length',
};
const check = (more: NodeJS.ProcessEnv) => () => refuseUnsafe(loadConfig(WebhookDispatcherConfig, { ...env, ...more }));

it('loopback may be allowed, but never in production', () => {
  expect(check({ NODE_ENV: 'production' })).not.toThrow();
  expect(check({ WEBHOOK_ALLOW_LOOPBACK: 'true' })).not.toThrow();
  expect(check({ WEBHOOK_ALLOW_LOOPBACK: 'true', NODE_ENV: 'production' })).toThrow('WEBHOOK_ALLOW_LOOPBACK');
});
