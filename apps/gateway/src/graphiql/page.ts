/** GraphiQL, as it is shown where a browser opens /graphql. All that it loads comes from here: see files.ts. */
export const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width" />
    <meta name="robots" content="noindex" />
    <title>Doitong GraphiQL</title>
    <link rel="icon" href="data:," />
    <link rel="stylesheet" href="graphiql/graphiql.css" />
    <link rel="stylesheet" href="graphiql/page.css" />
  </head>
  <body>
    <div id="graphiql">Loading…</div>
    <script src="graphiql/react.js"></script>
    <script src="graphiql/react-dom.js"></script>
    <script src="graphiql/graphiql.js"></script>
    <script src="graphiql/start.js"></script>
  </body>
</html>
`;

export const style = 'html, body, #graphiql { height: 100%; margin: 0; }\n';

/** The key is the reader's own, typed into the headers pane; a socket gets these headers in its connection_init. It is kept nowhere. */
export const start = `const url = new URL(location.pathname, location.href);
const socketUrl = new URL(url);
socketUrl.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
const headers = JSON.stringify({ Authorization: 'Bearer dt_test_' }, null, 2);
const welcome = '# Put your API key into the headers below, then re-fetch the schema (on the left).\\n\\n{\\n  account {\\n    name\\n    credits\\n  }\\n}\\n';
ReactDOM.createRoot(document.getElementById('graphiql')).render(
  React.createElement(GraphiQL, {
    fetcher: GraphiQL.createFetcher({ url: url.href, subscriptionUrl: socketUrl.href }),
    defaultHeaders: headers,
    defaultQuery: welcome,
    defaultEditorToolsVisibility: 'headers',
    shouldPersistHeaders: false,
  }),
);
`;

/** Nothing from elsewhere, nothing that a document or an answer could slip in. */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  'font-src data:',
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');
