import Type from 'typebox';
import { FamilyManifest } from './manifest.js';
import { broadcast, familyRequest } from './message.js';
import { Credentials } from './vocabulary.js';

export const catalog = {
  /**
   * A worker announces its family on boot and again every `beatSeconds` while it lives, with the credentials that it has. INVALID_INPUT for
   * another family's manifest, for names that another family has, for options of no use, and for a price that an operator has to accept first.
   */
  announce: familyRequest(
    'catalog.announce',
    Type.Object({ workerId: Type.String(), credentials: Credentials, manifest: FamilyManifest }),
    Type.Object({ beatSeconds: Type.Number() }),
  ),
  /** A worker goes away in good order. */
  leave: familyRequest('catalog.leave', Type.Object({ workerId: Type.String() }), Type.Object({})),
  changed: broadcast('catalog.changed', Type.Object({ family: Type.String() })),
};
