// Owns a reader: tells its process, has it read one more file where it is told to, and has nothing left to do.
import { fileURLToPath } from 'node:url';
import { ReaderProcess } from '../../dist/probe/reader-process.js';

const [deed] = process.argv.slice(2);
const reader = new ReaderProcess({ program: fileURLToPath(new URL('./reader.mjs', import.meta.url)), cpuSeconds: 2 });
const { pid } = await reader.read({ path: 'read' });
process.stdout.write(`${pid}\n`);
if (deed) await reader.read({ path: deed });
