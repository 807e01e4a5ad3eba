// Loaded into a process before its program: has it die as it stores an output of the generation that the file POISON names.
import { readFileSync } from 'node:fs';
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

const { mkdir } = promises;
promises.mkdir = (path, options) => {
  const generation = readFileSync(process.env.POISON, 'utf8');
  if (generation && String(path).includes(generation)) process.kill(process.pid, 'SIGKILL');
  return mkdir(path, options);
};
syncBuiltinESMExports();
