import type { Side } from './sides.js';

export const SUBSCRIBERS = 10_000;

export interface SubscriberCosts {
  /** Heap per subscriber in bytes: its own listener, what the provider keeps for it, and the handle that ends it. */
  readonly bytesEach: number;
  /** From the first listener's call to the last one's, in ms; the median of the rotations. */
  readonly fanOutMs: number;
}

/** Ten thousand listeners on one provider, and rotations through them. Needs `--expose-gc`. */
export async function measureSubscribers(side: Side, rotations = 9): Promise<SubscriberCosts> {
  const calls = { count: 0, firstMs: 0, lastMs: 0 };
  const keepAlive = await side.subscribe(() => {});
  const before = heapBytes();
  const handles: (() => void)[] = [];
  for (let i = 0; i < SUBSCRIBERS; i++) {
    handles.push(
      await side.subscribe(() => {
        if (calls.count === 0) calls.firstMs = performance.now();
        calls.count++;
        calls.lastMs = performance.now();
      }),
    );
  }
  const bytesEach = (heapBytes() - before) / SUBSCRIBERS;
  const fanOuts: number[] = [];
  for (let i = 0; i < rotations; i++) {
    calls.count = 0;
    await side.rotate();
    if (calls.count !== SUBSCRIBERS)
      throw new Error(`${side.name} called ${calls.count} of ${SUBSCRIBERS} listeners`);
    fanOuts.push(calls.lastMs - calls.firstMs);
  }
  for (const dispose of handles) dispose();
  keepAlive();
  return { bytesEach, fanOutMs: median(fanOuts) };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function heapBytes(): number {
  if (globalThis.gc === undefined) throw new Error('run with --expose-gc');
  globalThis.gc();
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}
