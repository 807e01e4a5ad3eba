import { connect } from '@nats-io/transport-node';

/** A process that answers every request with as many bytes as a check takes, and does nothing for it: what NATS alone can do. */
const [url = '', subject = '', answer = ''] = process.argv.slice(2);
const connection = await connect({ servers: url });
const reply = new TextEncoder().encode(answer);
connection.subscribe(subject, { callback: (_error, message) => void message.respond(reply) });
await connection.flush();
process.send?.('ready');
