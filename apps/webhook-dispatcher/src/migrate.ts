import { runMigrations } from '@doitong/service-kit';
import { persistence } from './persistence.js';

await runMigrations(persistence);
