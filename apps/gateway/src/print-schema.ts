import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { GraphQLSchemaBuilderModule, GraphQLSchemaFactory } from '@nestjs/graphql';
import { lexicographicSortSchema, printSchema } from 'graphql';
import { resolvers } from './graphql/resolvers.js';

// Prints the schema that this service serves: `npm run schema -w apps/gateway` keeps it in schema.graphql.
const app = await NestFactory.createApplicationContext(GraphQLSchemaBuilderModule, { logger: false });
const schema = await app.get(GraphQLSchemaFactory).create(resolvers);
process.stdout.write(`${printSchema(lexicographicSortSchema(schema))}\n`);
