/** A table that callers look up by names of their own. It has what is in it, and not what every object inherits, such as `constructor`. */
export function table<T>(rows: Record<string, T>): Record<string, T> {
  return Object.assign(Object.create(null), rows);
}
