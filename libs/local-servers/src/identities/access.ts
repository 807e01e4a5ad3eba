import { randomBytes } from 'node:crypto';
import { authorization, passwordVariable } from './configuration.js';
import type { Identity } from './identities.js';

/** Who may use a nats-server, each with a password that nobody else knows. */
export interface NatsAccess {
  configuration: string;
  /** Of the server: the passwords. */
  env: Record<string, string>;
  /** The server's URL with the user and the password of an identity. */
  urlOf(name: string, serverUrl: string): string;
}

/** New passwords for these identities. */
export function newAccess(identities: Identity[]): NatsAccess {
  const passwords = new Map(identities.map(({ name }) => [name, `p${randomBytes(24).toString('hex')}`]));
  return {
    configuration: authorization(identities),
    env: Object.fromEntries([...passwords].map(([name, password]) => [passwordVariable(name), password])),
    urlOf(name, serverUrl) {
      const password = passwords.get(name);
      if (!password) throw new Error(`NATS knows no identity "${name}".`);
      return serverUrl.replace('://', `://${name}:${password}@`);
    },
  };
}
