import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { type Ask, asking } from './ask.js';
import { print, type Told } from './output.js';

/** Options that every command has. */
interface Common {
  json?: boolean;
  as?: string;
}

/** What a verb does: asks the platform, and returns what is to be told. */
type Work<Options> = (ask: Ask, options: Options, ...args: string[]) => Promise<Told>;

/** A noun and its verbs. */
export class Noun {
  private readonly command: Command;

  constructor(program: Command, name: string, description: string) {
    this.command = program.command(name).description(description);
  }

  /** `usage`: the verb and its arguments. `options`: flags with what they mean; one in `<…>` takes a value, `required` must be given. */
  verb<Options extends object = object>(
    usage: string,
    description: string,
    options: { required?: Record<string, string>; optional?: Record<string, string> },
    work: Work<Options>,
  ): this {
    const command = this.command.command(usage).description(description);
    for (const [flags, meaning] of Object.entries(options.required ?? {})) command.requiredOption(flags, meaning);
    for (const [flags, meaning] of Object.entries(options.optional ?? {})) command.option(flags, meaning);
    command.option('--json', 'one JSON document in place of a table');
    command.option('--as <name>', 'whom the audit shall name (default: the user of this computer)');
    command.action(async (...given: unknown[]) => {
      const args = given.slice(0, -2) as string[];
      const { json, as = userInfo().username, ...own } = given.at(-2) as Common & Options;
      print(await asking(as, (ask) => work(ask, own as Options, ...args)), json === true);
    });
    return this;
  }
}
