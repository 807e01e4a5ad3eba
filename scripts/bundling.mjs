// How packages of others are bundled, for the apps and for the tests.

/** Has binaries beside its code. */
const NATIVE = ['node-av', 'node-av/*'];

/** Others load these only where they are installed, which they are not. */
const OPTIONAL = [
  '@apollo/*',
  '@as-integrations/*',
  '@fastify/multipart',
  '@fastify/static',
  '@fastify/view',
  '@google-cloud/spanner',
  '@grpc/*',
  '@nestjs/platform-express',
  '@nestjs/websockets',
  '@nestjs/websockets/*',
  '@sap/*',
  'amqp-connection-manager',
  'amqplib',
  'better-sqlite3',
  'class-transformer',
  'class-validator',
  'hdb-pool',
  'ioredis',
  'kafkajs',
  'mongodb',
  'mqtt',
  'mssql',
  'mysql',
  'mysql2',
  'nats',
  'oracledb',
  'pg-native',
  'react-native-sqlite-storage',
  'redis',
  'sql.js',
  'sqlite3',
  'ts-morph',
  'typeorm-aurora-data-api-driver',
];

/** What decorators write to: there before all else, in whichever order files are loaded. */
const METADATA = 'reflect-metadata';

/** What CommonJS packages expect to find. */
const COMMON_JS = `
import { createRequire as $createRequire } from 'node:module';
import { dirname as $dirname } from 'node:path';
import { fileURLToPath as $path } from 'node:url';
const require = $createRequire(import.meta.url);
const __filename = $path(import.meta.url);
const __dirname = $dirname(__filename);
`.replaceAll('\n', ' ');

/** esbuild's options for several files that share what they have in common. */
export const BUNDLING = {
  bundle: true,
  splitting: true,
  chunkNames: 'shared/[hash]',
  format: 'esm',
  platform: 'node',
  target: 'node20',
  keepNames: true,
  external: [METADATA, ...NATIVE, ...OPTIONAL],
  banner: { js: `import '${METADATA}'; ${COMMON_JS}` },
  logLevel: 'warning',
};
