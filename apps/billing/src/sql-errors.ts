/** PostgreSQL refused a row whose key is taken. */
export const isUniqueViolation = (error: unknown): boolean => (error as { code?: unknown }).code === '23505';
