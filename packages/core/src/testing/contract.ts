/** Registers one test: jest's and vitest's `it`, `node:test`'s `test`, or anything like them. */
export type RegisterTest = (name: string, run: () => Promise<void>) => void;

/** Fails the running test with what was promised and what was seen. */
export function promise(holds: boolean, promised: string, seen: unknown): asserts holds {
  if (!holds) throw new Error(`${promised}; seen: ${String(seen)}`);
}

/** Rejects when `pending` takes longer than `limitMs` on the real clock. `what` names it in the error. */
export async function within<T>(limitMs: number, pending: Promise<T>, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([pending, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
