import {
  attempts,
  type Broadcast,
  billing,
  catalog,
  type FamilyRequest,
  generations,
  type Request,
  rateLimit,
  saidBy,
  webhooks,
} from '@doitong/contracts';

/** By what NATS knows a process, and the subjects that it may use; all others are refused. */
export interface Identity {
  name: string;
  publish: string[];
  subscribe: string[];
  /** Whether it may answer what it is asked. */
  answers: boolean;
}

interface Role {
  asks?: Request[];
  tells?: Broadcast[];
  hears?: Broadcast[];
  /** Subjects of the requests that it answers. */
  answers?: string[];
  /** What it needs of JetStream. */
  jetStream?: string[];
}

const anyChange = generations.changed('*');
const { enqueue, ...webhooksOfAccounts } = webhooks;

/** What each service says and hears. An operator's noun is answered by one service: `admin.<noun>.<verb>`. */
const services: Record<string, Role> = {
  gateway: {
    asks: [
      billing.authenticate,
      billing.account,
      billing.grants,
      billing.transactions,
      ...Object.values(billing.key),
      generations.create,
      generations.quote,
      generations.get,
      generations.list,
      generations.cancel,
      generations.providers,
      generations.spending,
      rateLimit.check,
      rateLimit.usage,
      ...Object.values(webhooksOfAccounts),
    ],
    hears: [billing.keysChanged, catalog.changed, anyChange],
  },
  generations: {
    answers: [
      'generations.*',
      'attempt.*.*',
      'catalog.*.*',
      ...ofAdmin('generation', 'provider', 'price', 'usage'),
      'admin.audit.generations',
    ],
    asks: [
      billing.hold,
      billing.raise,
      billing.lower,
      billing.settle,
      billing.limits,
      billing.cancelTerms,
      billing.account,
      rateLimit.admit,
      rateLimit.free,
      enqueue,
    ],
    tells: [anyChange, catalog.changed, attempts.hint('*')],
    hears: [catalog.changed],
    jetStream: ['JOBS.*', '$JS.API.STREAM.CREATE.JOBS'],
  },
  billing: {
    answers: [
      'billing.*',
      'billing.key.*',
      ...ofAdmin('account', 'plan', 'key', 'credits', 'ledger'),
      'admin.audit.billing',
    ],
    asks: [generations.settled, generations.statuses],
    tells: [billing.keysChanged],
  },
  'rate-limit': { answers: ['rate-limit.*'], asks: [generations.statuses] },
  'webhook-dispatcher': { answers: ['webhooks.>', ...ofAdmin('webhook'), 'admin.audit.webhooks'] },
};

function ofAdmin(...nouns: string[]): string[] {
  return nouns.map((noun) => `admin.${noun}.*`);
}

/**
 * Reads the jobs of its own family, and speaks for that family alone; can neither make a job nor make the stream, which could take up any
 * subject.
 */
function workerOf(family: string): Role {
  const consumer = `JOBS.worker-${family}`;
  const { hint: hintOf, ...reports } = attempts;
  const hint = hintOf(family);
  return {
    asks: [...Object.values<FamilyRequest>(reports), catalog.announce, catalog.leave].map((said) =>
      saidBy(family, said),
    ),
    tells: [hint],
    hears: [hint],
    jetStream: [
      `$JS.API.CONSUMER.CREATE.${consumer}.JOBS.${family}`,
      `$JS.API.CONSUMER.INFO.${consumer}`,
      `$JS.API.CONSUMER.MSG.NEXT.${consumer}`,
      `$JS.ACK.${consumer}.>`,
    ],
  };
}

function identityOf(name: string, { asks = [], tells = [], hears = [], answers = [], jetStream = [] }: Role): Identity {
  return {
    name,
    publish: [...[...asks, ...tells].map(({ subject }) => subject), ...jetStream],
    subscribe: [...answers, ...hears.map(({ subject }) => subject), inboxOf(name)],
    answers: answers.length > 0,
  };
}

/** Where answers come to: nobody else can read them. */
const inboxOf = (name: string) => `_INBOX.${name}.>`;

/** The identity of operators, and of whoever acts for one. */
export const adminIdentity: Identity = {
  name: 'admin',
  publish: ['admin.>'],
  subscribe: [inboxOf('admin')],
  answers: false,
};

/** One for each service, one for the workers of each family, and the admin. */
export function serviceIdentities(families: string[]): Identity[] {
  const workers = families.map((family) => identityOf(`worker-${family}`, workerOf(family)));
  return [...Object.entries(services).map(([name, role]) => identityOf(name, role)), ...workers, adminIdentity];
}

/** Of a process that is all services. */
export const wholePlatform: Identity = { name: 'platform', publish: ['>'], subscribe: ['>'], answers: true };
