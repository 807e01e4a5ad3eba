import { readFile } from 'node:fs/promises';
import { fastify } from 'fastify';
import mercurius from 'mercurius';
import { aGeneration } from './a-generation.js';

// The floor of `read`: Mercurius with the gateway's schema, which says the same generation to everyone, at PORT.
const schema = await readFile(new URL('../../../../apps/gateway/schema.graphql', import.meta.url), 'utf8');
const app = fastify();
await app.register(mercurius, { schema, jit: 1, resolvers: { Query: { generation: () => aGeneration } } });
app.get('/readyz', async () => 'ok');
await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT) });
