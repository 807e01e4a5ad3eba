import type { ConnectionOptions } from '@nats-io/transport-node';

/**
 * What `connect` takes of a NATS_URL. The user in it, where there is one, is the identity by which the server knows this process;
 * answers come to an inbox of that identity, which no other one may listen to.
 */
export function connectOptions(natsUrl: string): Pick<ConnectionOptions, 'servers' | 'user' | 'pass' | 'inboxPrefix'> {
  const url = new URL(natsUrl);
  const [user, pass] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
  url.username = '';
  url.password = '';
  return { servers: url.href, ...(user ? { user, pass, inboxPrefix: `_INBOX.${user}` } : {}) };
}
