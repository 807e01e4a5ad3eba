// A program that owns one server: `owner.mjs startPostgres|startNats <directory>`. It prints the URL, and then does what
// its standard input says: stop the server, exit without stopping it, or throw. It ends when its standard input does.
import { startNats, startPostgres } from '@doitong/local-servers';

const [start, directory] = process.argv.slice(2);
const server = await { startNats, startPostgres }[start]({ directory });
console.log(server.url);
process.stdin.on('end', () => process.exit(0));
process.stdin.on('data', async (word) => {
  if (String(word) === 'throw') throw new Error('as told');
  if (String(word) === 'stop') await server.stop();
  process.exit(0);
});
