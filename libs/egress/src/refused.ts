/** Which rule a URL broke. `unresolved`: its host has no address; `look-up`: whether it has one could not be found out just now. */
export type RefusalReason =
  | 'url'
  | 'scheme'
  | 'credentials'
  | 'port'
  | 'address'
  | 'unresolved'
  | 'look-up'
  | 'redirects';

/** A URL that must not be requested. `message` names the rule and may be shown to the customer who gave the URL. */
export class EgressRefusedError extends Error {
  override readonly name = 'EgressRefusedError';

  constructor(
    readonly reason: RefusalReason,
    message: string,
  ) {
    super(message);
  }
}
