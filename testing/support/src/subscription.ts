import { type ClientOptions, createClient } from 'graphql-ws';
import { WebSocket } from 'ws';

interface SubscriptionRequest {
  query: string;
  variables?: Record<string, unknown>;
}

/** A subscription as a customer makes it, with a client of graphql-transport-ws of its own. */
export interface Subscription<Event> {
  /** What came so far. */
  events: Event[];
  /** `complete`; or why it ended otherwise: the close of the socket, or a list of GraphQL errors. */
  ended: Promise<unknown>;
  /** Ends it on the customer's side. */
  stop(): void;
}

/** Tries once, unless `options` say otherwise. */
export function subscribe<Event>(
  gatewayUrl: string,
  request: SubscriptionRequest,
  options: Partial<ClientOptions> = {},
): Subscription<Event> {
  const events: Event[] = [];
  const client = createClient({
    url: `${gatewayUrl.replace(/^http/, 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    ...options,
  });
  const ended = new Promise<unknown>((resolve) => {
    client.subscribe<Event>(request, {
      next: (event) => void events.push(event as Event),
      error: resolve,
      complete: () => resolve('complete'),
    });
  });
  return { events, ended, stop: () => void client.dispose() };
}
