const DAY_MS = 86_400_000;
const today = () => Math.floor(Date.now() / DAY_MS);
export const untilMidnightMs = () => DAY_MS - (Date.now() % DAY_MS);

/** A test about the quota of a day, with accounts of its own: played again should it fail because a UTC midnight began another in its middle. */
export const onOneDay = (test: () => Promise<void>) => async () => {
  for (;;) {
    const day = today();
    try {
      return await test();
    } catch (error) {
      if (today() === day) throw error;
    }
  }
};
