import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { contentSecurityPolicy, page, start, style } from './page.js';

const SCRIPT = 'text/javascript; charset=utf-8';
const STYLE = 'text/css; charset=utf-8';
/** The names do not change with the versions, so that browsers ask again after this time. */
const CACHED_SECONDS = 3_600;

const require = createRequire(import.meta.url);
const packages = {
  react: require.resolve('react/package.json'),
  'react-dom': require.resolve('react-dom/package.json'),
  graphiql: require.resolve('graphiql/package.json'),
};
const fileOf = (name: keyof typeof packages, path: string) => readFileSync(join(dirname(packages[name]), path));

/** What the page loads. The packages bring these files ready for a browser. */
const files = {
  'react.js': [SCRIPT, () => fileOf('react', 'umd/react.production.min.js')],
  'react-dom.js': [SCRIPT, () => fileOf('react-dom', 'umd/react-dom.production.min.js')],
  'graphiql.js': [SCRIPT, () => fileOf('graphiql', 'graphiql.min.js')],
  'graphiql.css': [STYLE, () => fileOf('graphiql', 'graphiql.min.css')],
  'start.js': [SCRIPT, () => start],
  'page.css': [STYLE, () => style],
} as const;

/** Serves what the page loads; anyone may read it. Read from the disk once, at the start, so that a missing package is seen then. */
export function serveGraphiqlFiles(app: FastifyInstance): void {
  for (const [name, [type, read]] of Object.entries(files)) {
    const content = read();
    app.get(`/graphiql/${name}`, (_request, reply) =>
      reply
        .type(type)
        .headers({ 'cache-control': `public, max-age=${CACHED_SECONDS}`, 'x-content-type-options': 'nosniff' })
        .send(content),
    );
  }
}

export function sendGraphiql(reply: FastifyReply): FastifyReply {
  return reply
    .type('text/html; charset=utf-8')
    .headers({ 'content-security-policy': contentSecurityPolicy, 'referrer-policy': 'no-referrer', vary: 'accept' })
    .send(page);
}
