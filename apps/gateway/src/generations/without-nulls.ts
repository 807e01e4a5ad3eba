type NonNull<T> = { [Key in keyof T]: Exclude<T[Key], null> };

/** A null says the same as an absent field. */
export function withoutNulls<T extends object>(value: T): NonNull<T> {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== null)) as NonNull<T>;
}
