import { expect, it } from '@jest/globals';
import Type from 'typebox';
import { CommonConfig, DatabaseConfig, listening, port } from './common-config.js';
import { ConfigError, loadConfig } from './load-config.js';

const Config = Type.Object({
  ...CommonConfig,
  ...DatabaseConfig,
  PORT: port(4001),
  SCALE: Type.Number({ exclusiveMinimum: 0, default: 1 }),
  OPEN: Type.Boolean({ default: false }),
});

it('reads the variables as their types, with defaults for what is absent or empty', () => {
  const env = { DATABASE_URL: 'postgres://u:p@host/db', PORT: '0', SCALE: '0.5', OPEN: 'true', HOST: '', OTHER: 'x' };
  expect(loadConfig(Config, env)).toEqual({
    DATABASE_URL: 'postgres://u:p@host/db',
    DATABASE_POOL_SIZE: 20,
    NATS_URL: 'nats://127.0.0.1:4222',
    STOP_GRACE_MS: 25_000,
    HOST: '127.0.0.1',
    MANAGEMENT_HOST: '127.0.0.1',
    LOG_LEVEL: 'info',
    PORT: 0,
    SCALE: 0.5,
    OPEN: true,
  });
});

it('names each variable at fault and what it may be, and tells no value', () => {
  const env = {
    DATABASE_URL: 'mysql://u:secret@host/db',
    PORT: '99999',
    SCALE: 'NaN',
    LOG_LEVEL: 'loud',
    OPEN: 'maybe',
  };
  const refusal = (() => {
    try {
      return loadConfig(Config, env);
    } catch (error) {
      return error;
    }
  })();
  expect(refusal).toBeInstanceOf(ConfigError);
  const lines = (refusal as ConfigError).message.split('\n').sort();
  expect(lines).toEqual([
    'DATABASE_URL must match pattern "^postgres(ql)?://"',
    'LOG_LEVEL must be equal to one of the allowed values: fatal, error, warn, info, debug, trace, silent',
    'OPEN must be boolean',
    'PORT must be <= 65535',
    'SCALE must be number',
  ]);
});

it('names a variable that is not set', () => {
  expect(() => loadConfig(Config, {})).toThrow(new ConfigError('DATABASE_URL is not set'));
});

it('the management side listens on this machine alone, 10,000 above the port of customers, unless it is told otherwise', () => {
  const place = { HOST: '0.0.0.0', MANAGEMENT_HOST: '127.0.0.1', PORT: 4000 };
  expect(listening(place)).toEqual({ host: '0.0.0.0', port: 4000, management: { host: '127.0.0.1', port: 14_000 } });
  expect(listening({ ...place, PORT: 0 }).management.port).toBe(0);
  expect(listening({ ...place, PORT: 60_000, MANAGEMENT_PORT: 9_000 }).management.port).toBe(9_000);
  expect(() => listening({ ...place, PORT: 60_000 })).toThrow(ConfigError);
});
