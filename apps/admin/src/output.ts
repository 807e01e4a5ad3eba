import Table from 'cli-table3';

type Cell = unknown;
/** One thing, as lines of its fields, a list of things, as a table, or a text as it is. */
export type Told = object | object[] | string;

/** For people: tables. For programs: one JSON document. */
export function print(told: Told, asJson: boolean): void {
  const text = typeof told === 'string' ? told : asJson ? JSON.stringify(told, null, 2) : forPeople(told);
  process.stdout.write(`${text}\n`);
}

/** RFC 4180, with the names of the fields as the first line. */
export function asCsv(rows: object[]): string {
  const names = [...new Set(rows.flatMap(Object.keys))];
  const lines = (rows as Record<string, Cell>[]).map((row) => names.map((name) => String(row[name] ?? '')));
  return [names, ...lines].map((line) => line.map(quoted).join(',')).join('\r\n');
}

const quoted = (cell: string) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

function forPeople(told: object | object[]): string {
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
