/**
 * CREATED, nobody asked yet; SUBMITTING, the vendor may have been asked; SUBMITTED, its task is known;
 * ABANDONED, the generation ended without it; LATE, an abandoned one succeeded after all.
 */
export type AttemptStatus = 'CREATED' | 'SUBMITTING' | 'SUBMITTED' | 'ABANDONED' | 'COMPLETED' | 'FAILED' | 'LATE';
