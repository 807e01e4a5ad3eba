// A service as small as can be: ready after a moment, ends with 0 on SIGTERM unless told to ignore it.
import { createServer } from 'node:http';

if (process.env.BROKEN) throw new Error('BROKEN is set');
const readyAt = Date.now() + 100;
const answer = (_request, response) => response.writeHead(Date.now() < readyAt ? 503 : 200).end();
createServer(answer).listen(Number(process.env.MANAGEMENT_PORT), '127.0.0.1');
const server = createServer(answer);
server.listen(Number(process.env.PORT), '127.0.0.1', () => console.log(JSON.stringify({ msg: 'listening' })));
process.on('SIGTERM', () => process.exit(0));
