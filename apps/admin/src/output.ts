import Table from 'cli-table3';
import { visible, visibleLines } from './visible.js';

type Cell = unknown;
/** One thing, as lines of its fields, a list of things, as a table, or a text as it is. */
export type Told = object | object[] | string;

/** For people: tables. For programs: one JSON document. The one place that prints, and nothing in it acts upon the terminal. */
export function print(told: Told, asJson: boolean): void {
  process.stdout.write(`${printed(told, asJson)}\n`);
}

/** As it is printed. In JSON, what is escaped is the same text to whoever parses it. */
export function printed(told: Told, asJson: boolean): string {
  const text = typeof told === 'string' ? told : asJson ? JSON.stringify(told, null, 2) : forPeople(told);
  return visibleLines(text);
}

/** RFC 4180, with the names of the fields as the first line. */
export function asCsv(rows: object[]): string {
  const names = [...new Set(rows.flatMap(Object.keys))];
  const lines = (rows as Record<string, Cell>[]).map((row) => names.map((name) => cellOf(row[name])));
  return [names, ...lines].map((line) => line.map(quoted).join(',')).join('\r\n');
}

/** A spreadsheet takes what begins like this for a formula, unless it is a number. */
const FORMULA = /^[=+\-@\t\r]/;

function cellOf(value: Cell): string {
  const cell = visible(String(value ?? ''));
  return typeof value === 'string' && FORMULA.test(value) ? `'${cell}` : cell;
}

const quoted = (cell: string) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

function forPeople(told: object | object[]): string {
  if (!Array.isArray(told)) {
    const table = new Table({ style: PLAIN });
    for (const [name, value] of Object.entries(told)) table.push([visible(name), text(value)]);
    return table.toString();
  }
  if (told.length === 0) return 'None.';
  const names = [...new Set(told.flatMap(Object.keys))];
  const table = new Table({ head: names.map(visible), style: PLAIN });
  for (const row of told as Record<string, Cell>[]) table.push(names.map((name) => text(row[name])));
  return table.toString();
}

const PLAIN = { head: [], border: [] };

function text(value: Cell): string {
  if (value === null || value === undefined) return '–';
  if (Array.isArray(value) && value.every((one) => typeof one !== 'object')) return visible(value.join(', '));
  return visible(typeof value === 'object' ? JSON.stringify(value) : String(value));
}
