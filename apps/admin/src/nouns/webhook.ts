import { admin, type Delivery, type DeliveryStatus, type Mode, type WebhookEventType } from '@doitong/contracts';
import type { Command } from 'commander';
import type { Ask } from '../ask.js';
import { Noun } from '../noun.js';
import { SECONDS_AN_HOUR, whole, words } from '../values.js';

const EVENTS = 'some of generation.processing,generation.completed,generation.failed,generation.cancelled';
const OVERLAP = { optional: { '--overlap-hours <n>': 'for how long the secrets before it still sign (default: 24)' } };
const MODE = { '--mode <mode>': 'live or test (default: live)' };
const ONLY_ENDPOINT = { '--endpoint <endpointId>': 'only what goes to this one' };

export function webhook(program: Command): void {
  new Noun(program, 'webhook', 'endpoints that are told of generations, and what was delivered')
    .verb(
      'list <accountId>',
      'its endpoints, the oldest first',
      {},
      async (ask, _options, accountId = '') => (await ask(admin.webhook.list, { accountId })).endpoints,
    )
    .verb<{ url: string; mode?: Mode; events?: string }>(
      'create <accountId>',
      'a new endpoint, with a secret that is shown here and never again',
      {
        required: { '--url <url>': 'where it is told' },
        optional: { ...MODE, '--events <list>': `${EVENTS} (default: all but generation.processing)` },
      },
      async (ask, { url, mode = 'live', events }, accountId = '') => {
        await ask(admin.accountShow, { accountId });
        return shown(await ask(admin.webhook.create, { accountId, mode, url, events: eventsOf(events) }));
      },
    )
    .verb<{ url?: string; events?: string; enable?: boolean }>(
      'update <endpointId>',
      'changes it, or has it told again after it was disabled',
      {
        optional: {
          '--url <url>': 'another; what waits goes there',
          '--events <list>': EVENTS,
          '--enable': 'ends its being disabled',
        },
      },
      (ask, { url, events, enable }, id = '') =>
        ask(admin.webhook.update, { id, url, events: eventsOf(events), disabled: enable ? false : undefined }),
    )
    .verb('pause <endpointId>', 'what it is to be told waits', {}, (ask, _options, id = '') =>
      ask(admin.webhook.update, { id, paused: true }),
    )
    .verb('resume <endpointId>', 'what waits is delivered', {}, (ask, _options, id = '') =>
      ask(admin.webhook.update, { id, paused: false }),
    )
    .verb('delete <endpointId>', 'what it was still to be told becomes dead letters', {}, (ask, _options, id = '') =>
      ask(admin.webhook.delete, { id }),
    )
    .verb<{ overlapHours?: string }>(
      'rotate-secret <endpointId>',
      'a new secret, shown here and never again',
      OVERLAP,
      async (ask, { overlapHours }, id = '') =>
        shown(await ask(admin.webhook.rotateSecret, { id, overlapSeconds: secondsOf(overlapHours) })),
    )
    .verb<{ mode?: Mode; overlapHours?: string }>(
      'rotate-default-secret <accountId>',
      'the same of what goes to the webhookUrl of its requests',
      { optional: { ...MODE, ...OVERLAP.optional } },
      (ask, { mode = 'live', overlapHours }, accountId = '') =>
        ask(admin.webhook.rotateDefaultSecret, { accountId, mode, overlapSeconds: secondsOf(overlapHours) }),
    )
    .verb('test <endpointId>', 'sends it an example of an event', {}, async (ask, _options, id = '') =>
      brief(await ask(admin.webhook.test, { id })),
    )
    .verb<DeliveriesOptions>(
      'deliveries <accountId>',
      'events on their way to its endpoints and webhookUrls, the newest first',
      {
        optional: {
          ...MODE,
          '--status <list>': 'some of PENDING,DELIVERED,DEAD',
          ...ONLY_ENDPOINT,
          '--generation <generationId>': 'only what tells of this one',
          '--since <instant>': 'ISO 8601',
          '--first <n>': 'how many at most (default: 50)',
          '--after <deliveryId>': 'only those older than this one',
        },
      },
      listed,
    )
    .verb('delivery <deliveryId>', 'one of them, with its attempts', {}, (ask, _options, id = '') =>
      ask(admin.webhook.delivery, { id }),
    )
    .verb('redeliver <deliveryId>', 'tries it at once, whatever has become of it', {}, async (ask, _options, id = '') =>
      brief(await ask(admin.webhook.redeliver, { id })),
    )
    .verb<{ since: string; mode?: Mode; endpoint?: string; includeDelivered?: boolean }>(
      'redeliver-since <accountId>',
      'the same of all since a time, but those of disabled endpoints',
      {
        required: { '--since <instant>': 'ISO 8601' },
        optional: { ...MODE, ...ONLY_ENDPOINT, '--include-delivered': 'those that were delivered, too' },
      },
      (ask, { since, mode = 'live', endpoint: endpointId, includeDelivered = false }, accountId = '') =>
        ask(admin.webhook.redeliverSince, { accountId, mode, since, endpointId, includeDelivered }),
    );
}

interface DeliveriesOptions {
  mode?: Mode;
  status?: string;
  endpoint?: string;
  generation?: string;
  since?: string;
  first?: string;
  after?: string;
}

async function listed(
  ask: Ask,
  {
    mode = 'live',
    status,
    endpoint: endpointId,
    generation: generationId,
    since,
    first = '50',
    after,
  }: DeliveriesOptions,
  accountId = '',
) {
  const filter = { status: words(status) as DeliveryStatus[] | undefined, endpointId, generationId, since };
  const page = { accountId, mode, filter, first: whole(first), after };
  return (await ask(admin.webhook.deliveries, page)).deliveries.map(brief);
}

const brief = ({ attempts, ...delivery }: Delivery) => ({
  ...delivery,
  attempts: attempts.length,
  last: attempts.at(-1)?.status ?? attempts.at(-1)?.error ?? null,
});

const shown = ({ endpoint, secret }: { endpoint: object; secret: string }) => ({ secret, ...endpoint });
const eventsOf = (list: string | undefined) => words(list) as WebhookEventType[] | undefined;
const secondsOf = (hours = '24') => whole(hours) * SECONDS_AN_HOUR;
