import { families } from '@doitong/providers';
import { authorization } from './configuration.js';
import { serviceIdentities } from './identities.js';

process.stdout.write(`# Who may use NATS, and which subjects. Written by \`npm run nats-identities\`; include it in the configuration of the
# nats-server. Each password is an environment variable of the server: letters and digits, a letter first. A service has
# its own in NATS_URL, as in nats://billing:<password>@nats:4222.
${authorization(serviceIdentities(Object.keys(families)))}`);
