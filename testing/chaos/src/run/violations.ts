/** What was seen that one of the promises rules out. */
export class Violations {
  readonly lines: string[] = [];

  add(promise: string, what: string): void {
    this.lines.push(`${promise}: ${what}`);
  }

  /** Those of `found`, with how many there are beside the first few. */
  addAll(promise: string, found: string[], most = 10): void {
    for (const what of found.slice(0, most)) this.add(promise, what);
    if (found.length > most) this.add(promise, `and ${found.length - most} more like it`);
  }
}
