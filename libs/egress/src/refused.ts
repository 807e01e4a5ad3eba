/** Which rule a URL broke. */
export type RefusalReason = 'url' | 'scheme' | 'credentials' | 'port' | 'address' | 'unresolved';

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
