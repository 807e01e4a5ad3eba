import Type from 'typebox';
import { FamilyManifest } from './manifest.js';
import { broadcast, request } from './message.js';
import { Mode } from './vocabulary.js';

export const catalog = {
  /** A worker announces its family on boot and again every `beatSeconds` while it lives, with the modes it has credentials for. */
  announce: request(
    'catalog.announce',
    Type.Object({ workerId: Type.String(), modes: Type.Array(Mode), manifest: FamilyManifest }),
    Type.Object({ beatSeconds: Type.Number() }),
  ),
  /** A worker goes away in good order. */
  leave: request('catalog.leave', Type.Object({ workerId: Type.String() }), Type.Object({})),
  changed: broadcast('catalog.changed', Type.Object({ family: Type.String() })),
};
