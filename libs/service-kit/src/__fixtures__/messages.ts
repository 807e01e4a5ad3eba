import { broadcast, request } from '@doitong/contracts';
import Type from 'typebox';

const Text = Type.Object({ text: Type.String({ minLength: 1, maxLength: 100 }) });

/** Messages of a made-up service, as libs/contracts defines those of the real ones. */
export const parrot = {
  say: request('parrot.say', Text, Text),
  /** Says it after `ms`. */
  saySlowly: request('parrot.say-slowly', Type.Object({ text: Type.String(), ms: Type.Integer() }), Text),
  /** Asks another service to say it. */
  sayThrough: request('parrot.say-through', Text, Text),
  /** Says it so many times over; with others at once. Refuses when asked for 0. */
  repeat: request(
    'parrot.repeat',
    Type.Object({ text: Type.String(), times: Type.Integer() }),
    Type.Object({ text: Type.String(), requestId: Type.String() }),
    { together: true },
  ),
  refuse: request('parrot.refuse', Text, Text),
  breakDown: request('parrot.break-down', Text, Text),
  mumble: request('parrot.mumble', Text, Text),
  heard: broadcast('parrot.heard', Text),
};

/** Receivers of outbox items. */
export const seeds = {
  take: request('seeds.take', Type.Object({ items: Type.Array(Type.Unknown()) }), Type.Object({})),
  husk: request('seeds.husk', Type.Object({ items: Type.Array(Type.Unknown()) }), Type.Object({})),
};
