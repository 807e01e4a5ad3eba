#!/usr/bin/env node
// Makes dist/apps/<app>, which is what deployments and tests start: each program of an app, and in dist/apps/shared what several need
// of our own and of others. Loaded one by one, the thousand modules of a service take three times as long to start as these few files.
import { readdirSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const apps = join(root, 'apps');
const outdir = join(root, 'dist', 'apps');
const programs = /^(.*\/)?(main|migrate|print-schema)\.js$/;
/** Has binaries beside its code. */
const NATIVE = ['node-av'];
/** What decorators write to: there before all else, in whichever order files are loaded. */
const METADATA = 'reflect-metadata';

/** What CommonJS packages expect to find. */
const COMMON_JS = `
import { createRequire as $createRequire } from 'node:module';
import { fileURLToPath as $path } from 'node:url';
const require = $createRequire(import.meta.url);
const __filename = $path(import.meta.url);
const __dirname = $path(new URL('.', import.meta.url));
`.replaceAll('\n', ' ');

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

const entryPoints = readdirSync(apps).flatMap((app) => {
  const built = join(apps, app, 'dist');
  return readdirSync(built, { recursive: true })
    .filter((file) => programs.test(file))
    .map((file) => ({ in: join(built, file), out: join(app, file.replace(/\.js$/, '')) }));
});

rmSync(outdir, { recursive: true, force: true });
await build({
  entryPoints,
  outdir,
  bundle: true,
  splitting: true,
  chunkNames: 'shared/[hash]',
  format: 'esm',
  platform: 'node',
  target: 'node20',
  keepNames: true,
  sourcemap: true,
  sourcesContent: false,
  external: [METADATA, ...NATIVE, ...OPTIONAL],
  banner: { js: `import '${METADATA}'; ${COMMON_JS}` },
  logLevel: 'warning',
});
