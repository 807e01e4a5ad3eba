import { fatal, loadConfig, stopOnSignal } from '@doitong/service-kit';
import { StandaloneConfig } from './config.js';
import { startPlatform } from './platform/platform.js';

try {
  const startedAt = Date.now();
  const config = loadConfig(StandaloneConfig);
  const { file, lost, stop } = await startPlatform(config);
  stopOnSignal(async () => {
    process.stdout.write('\nStopping …\n');
    await stop();
  });
  lost.then(fatal);
  const seconds = ((Date.now() - startedAt) / 1_000).toFixed(1);
  process.stdout.write(`Doitong is ready (${seconds} s). Ctrl-C stops it; data and log are in ${config.DATA_DIR}.

  GraphQL   ${file.graphqlUrl}
  Test key  ${file.testKey}

Try it:

  curl -s ${file.graphqlUrl} -H 'Authorization: Bearer ${file.testKey}' -H 'Content-Type: application/json' \\
    -d '{"query":"mutation { generate(input: { type: IMAGE, input: { text: \\"a red kite\\" } }) { id status provider creditCost } }"}'

`);
} catch (error) {
  fatal(error);
}
