import { registerEnumType } from '@nestjs/graphql';

/** Registers a closed set of words as a GraphQL enum; `described` says what each of them means. */
export function defineEnum<Word extends string>(name: string, description: string, described: Record<Word, string>) {
  const words = Object.keys(described) as Word[];
  const type = Object.fromEntries(words.map((word) => [word, word])) as { [Each in Word]: Each };
  const valuesMap = Object.fromEntries(words.map((word) => [word, { description: described[word] }]));
  registerEnumType(type, { name, description, valuesMap: valuesMap as { [Each in Word]: { description: string } } });
  return type;
}
