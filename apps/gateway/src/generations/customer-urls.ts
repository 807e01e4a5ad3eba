import { type GenerateInput, invalidInput } from '@doitong/contracts';
import { checkGivenUrl, type EgressOptions, EgressRefusedError } from '@doitong/egress';

const LONGEST_URL = 2_048;

/** What the services that will request these URLs allow. */
export interface UrlRules {
  inputs: EgressOptions;
  webhooks: EgressOptions;
}

/** The URLs that a customer gives, by what their text tells. Where a name leads is found out where it is requested. */
export class CustomerUrls {
  constructor(private readonly rules: UrlRules) {}

  /** INVALID_INPUT naming the first that can never be requested. */
  check({ input, webhookUrl }: GenerateInput): void {
    checkUrl('input.image', input.image, this.rules.inputs);
    checkUrl('input.audio', input.audio, this.rules.inputs);
    checkUrl('webhookUrl', webhookUrl, this.rules.webhooks);
  }
}

function checkUrl(field: string, url: string | undefined, rules: EgressOptions): void {
  if (url === undefined) return;
  if (url.length > LONGEST_URL) throw invalidInput(field, `The URL may have ${LONGEST_URL} characters.`);
  try {
    checkGivenUrl(url, rules);
  } catch (error) {
    if (error instanceof EgressRefusedError) throw invalidInput(field, error.message);
    throw error;
  }
}
