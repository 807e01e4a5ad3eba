// Keeps one core busy, until the process that started it has ended, or for two hours at most.
const owner = process.ppid;
const end = Date.now() + 7_200_000;
while (process.ppid === owner && Date.now() < end) for (let i = 0; i < 1e7; i++);
