import { existsSync } from 'node:fs';
import { waitFor } from '@doitong/support';
import { expect, it, jest } from '@jest/globals';
import { pino } from 'pino';
import { Logger } from './logger.js';

const FULL = '/dev/full';

(existsSync(FULL) ? it.each([true, false]) : it.skip.each([true]))(
  'a log that cannot be written does not end the process (written at once: %s)',
  async (sync) => {
    const destination = pino.destination({ dest: FULL, sync });
    const emit = jest.spyOn(destination, 'emit');
    const logger = new Logger('parrot', 'info', destination);
    logger.info('one');
    await waitFor(() => expect(emit).toHaveBeenCalledWith('error', expect.objectContaining({ code: 'ENOSPC' })));
    logger.info('two');
  },
);
