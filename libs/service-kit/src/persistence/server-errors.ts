/** Classes of SQLSTATE by which PostgreSQL tells of itself: connection, lack of resources, an operator, its system. */
const CLASSES = ['08', '53', '57', '58'];
/** `pg` has no code for these. */
const LOST =
  /^Connection terminated|not queryable|^timeout exceeded when trying to connect|after calling end on the pool/;

/** Whether an error tells of the server or the way to it, and not of what was asked: the same may go well later. */
export function isOfServer(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as { code?: unknown };
  if (typeof code !== 'string') return LOST.test(error.message);
  // Such as ECONNREFUSED, of Node.
  return /^E[A-Z]+$/.test(code) || (code.length === 5 && CLASSES.includes(code.slice(0, 2)));
}
