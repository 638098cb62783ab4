import { createCredentialsProvider, rawToken } from '@entraid/core';
import { unsignedJwt } from '@entraid/core/testing';
import { Bench } from 'tinybench';
import { incumbent, ours } from './sides.js';

export interface CachedTokenCosts {
  /** `getToken()` with a token in hand, in ns. */
  readonly getTokenNs: number;
  /** Heap that a million such calls leave behind before collection, per call, in bytes: the promise. */
  readonly getTokenBytes: number;
  /** Subscribing and unsubscribing with a token in hand, in ns. */
  readonly oursNs: number;
  readonly incumbentNs: number;
}

export async function measureCachedToken(): Promise<CachedTokenCosts> {
  const { tokenManager } = createCredentialsProvider({
    requestToken: () => {
      const iat = Math.floor(Date.now() / 1000);
      return Promise.resolve(rawToken(unsignedJwt({ oid: 'user', iat, exp: iat + 3600 })));
    },
  });
  await tokenManager.getToken();
  const sides = [ours(), incumbent()] as const;
  const keep = await Promise.all(sides.map((side) => side.subscribe(() => {})));
  const bench = new Bench({ time: 500 });
  bench.add('getToken', () => tokenManager.getToken());
  for (const side of sides) {
    bench.add(side.name, async () => {
      const dispose = await side.subscribe(() => {});
      dispose();
    });
  }
  await bench.run();
  for (const dispose of keep) dispose();
  for (const side of sides) side.close();
  const nanoseconds = bench.tasks.map((task) => {
    const { result } = task;
    if (!('latency' in result)) throw new Error(`${task.name} did not run`);
    return result.latency.p50 * 1e6;
  });
  const [getTokenNs = Number.NaN, oursNs = Number.NaN, incumbentNs = Number.NaN] = nanoseconds;
  return { getTokenNs, getTokenBytes: bytesPerCall(() => tokenManager.getToken()), oursNs, incumbentNs };
}

function bytesPerCall(call: () => unknown): number {
  const calls = 10_000;
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < calls; i++) call();
  return (process.memoryUsage().heapUsed - before) / calls;
}
