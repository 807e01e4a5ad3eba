/** Holds back whoever waits until `passed` for as long as the test wants. */
export interface Gate {
  passed: Promise<void>;
  open(): void;
}

const all = new Set<Gate>();

export function gate(): Gate {
  let open = () => {};
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  const made = { passed, open };
  all.add(made);
  return made;
}

/** After each test: one that failed must not leave anybody waiting. */
export function openGates(): void {
  for (const { open } of all) open();
  all.clear();
}
