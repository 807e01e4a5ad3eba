import type { Identity } from './identities.js';

/** The environment variable of the nats-server that holds the password of an identity. */
export const passwordVariable = (name: string) => `NATS_PASSWORD_${name.toUpperCase().replaceAll('-', '_')}`;

/** The `authorization` block of a nats-server's configuration. Passwords come from its environment: letters and digits, a letter first. */
export function authorization(identities: Identity[]): string {
  return `authorization {\n  users = [\n${identities.map(user).join('')}  ]\n}\n`;
}

function user({ name, publish, subscribe, answers }: Identity): string {
  return `    {
      user: ${name}
      password: $${passwordVariable(name)}
      permissions: {
        publish: { allow: ${list(publish)} }
        subscribe: { allow: ${list(subscribe)} }
${answers ? '        allow_responses: { max: 1, expires: "5m" }\n' : ''}      }
    }
`;
}

const list = (subjects: string[]) =>
  `[\n${subjects.map((one) => `          ${JSON.stringify(one)}\n`).join('')}        ]`;
