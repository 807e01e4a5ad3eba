// Stands in for the program that reads media: does to itself what a file can do to that. A "path" says what.
const deeds = {
  loop() {
    for (;;);
  },
  grow() {
    for (const all = []; ; ) all.push(all.length);
  },
  allocate() {
    for (const all = []; ; ) all.push(Buffer.alloc(2 ** 24, 1));
  },
  /** One that has read before waits to be ended. */
  wait: () => (answers > 0 ? undefined : deeds.read()),
  refuse: () => ({ invalid: 'no media' }),
  fail: () => ({ error: 'no such file' }),
  tire: () => ({ ...deeds.read(), cpuSeconds: 1_000 }),
  read: () => ({ facts: { pid: process.pid, environment: Object.keys(process.env) } }),
};

let answers = 0;
process.on('message', ({ path }) => {
  const outcome = deeds[path]();
  answers += 1;
  if (outcome) process.send({ cpuSeconds: 0, ...outcome });
});
process.on('disconnect', () => process.exit());
process.send('ready');
