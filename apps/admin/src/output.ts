import Table from 'cli-table3';

type Cell = unknown;
/** One thing, as lines of its fields, or a list of things, as a table. */
export type Told = object | object[];

/** For people: tables. For programs: one JSON document. */
export function print(told: Told, asJson: boolean): void {
  process.stdout.write(`${asJson ? JSON.stringify(told, null, 2) : forPeople(told)}\n`);
}

function forPeople(told: Told): string {
  if (!Array.isArray(told)) {
    const table = new Table({ style: PLAIN });
    for (const [name, value] of Object.entries(told)) table.push([name, text(value)]);
    return table.toString();
  }
  if (told.length === 0) return 'None.';
  const names = [...new Set(told.flatMap(Object.keys))];
  const table = new Table({ head: names, style: PLAIN });
  for (const row of told as Record<string, Cell>[]) table.push(names.map((name) => text(row[name])));
  return table.toString();
}

const PLAIN = { head: [], border: [] };

function text(value: Cell): string {
  if (value === null || value === undefined) return '–';
  if (Array.isArray(value) && value.every((one) => typeof one !== 'object')) return value.join(', ');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
