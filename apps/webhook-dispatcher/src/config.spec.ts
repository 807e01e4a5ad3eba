import { loadConfig } from '@doitong/service-kit';
import { expect, it } from '@jest/globals';
import { WebhookDispatcherModule } from './app.module.js';
import { WebhookDispatcherConfig } from './config.js';

const env = {
  DATABASE_URL: 'postgres://127.0.0.1/doitong',
  PUBLIC_URL: 'https://api.example.com',
  ASSET_URL_SECRET: 'a secret of some length',
};
const start = (more: NodeJS.ProcessEnv) => () =>
  WebhookDispatcherModule.register(loadConfig(WebhookDispatcherConfig, { ...env, ...more }));

it('a dispatcher that would deliver to its own machine does not start in production', () => {
  expect(start({ NODE_ENV: 'production' })).not.toThrow();
  expect(start({ WEBHOOK_ALLOW_LOOPBACK: 'true' })).not.toThrow();
  expect(start({ WEBHOOK_ALLOW_LOOPBACK: 'true', NODE_ENV: 'production' })).toThrow('WEBHOOK_ALLOW_LOOPBACK');
});

it('unless told otherwise, an attempt may last 15 s, waits are as published, and only https to others is delivered to', () => {
  expect(loadConfig(WebhookDispatcherConfig, env)).toMatchObject({
    WEBHOOK_TIMEOUT_MS: 15_000,
    WEBHOOK_RETRY_SCALE: 1,
    WEBHOOK_ALLOW_HTTP: false,
    WEBHOOK_ALLOW_LOOPBACK: false,
  });
});
