// Starts the service of this folder, prints its URL, and waits to be killed, or for the end of its standard input.
import { startService } from '@doitong/support';

const service = await startService(process.argv[2], {});
console.log(service.url);
process.stdin.on('end', () => process.exit(0)).resume();
