import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { guard, ListenerSet } from '../src/listener-set.js';

interface Listener {
  onNext(value: number): unknown;
}

/** What the channel said during a test. */
let reported: unknown[] = [];
const report = (event: unknown): void => {
  reported.push((event as { error: unknown }).error);
};

beforeEach(() => {
  reported = [];
  subscribe('entraid:listener:error', report);
});
afterEach(() => {
  unsubscribe('entraid:listener:error', report);
});

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** An object whose `then` is `value`, so that it is, or looks like, a promise of another kind. */
const thenable = (value: unknown): object => Object.defineProperty({}, 'then', { value });

function setup(...names: string[]) {
  const set = new ListenerSet<Listener>();
  const calls: string[] = [];
  const add = (name: string, then?: () => unknown): (() => void) =>
    set.add({
      onNext: (value) => {
        calls.push(`${name}${value}`);
        return then?.();
      },
    });
  for (const name of names) add(name);
  return { set, calls, add, notify: (value: number) => set.notify((listener) => listener.onNext(value)) };
}

describe('ListenerSet', () => {
  it('[S9] calls every listener once, in the order they were added', () => {
    const { calls, notify } = setup('a', 'b', 'c');
    notify(1);
    notify(2);
    expect(calls).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'c2']);
  });

  it('[S21] calls nobody when there is nobody', () => {
    const { set, notify } = setup();
    notify(1);
    expect(set.size).toBe(0);
    expect(reported).toEqual([]);
  });

  it('counts its listeners', () => {
    const { set, add } = setup('a');
    const remove = add('b');
    expect(set.size).toBe(2);
    remove();
    expect(set.size).toBe(1);
    set.clear();
    expect(set.size).toBe(0);
  });

  it('calls an object that was added twice twice, and each removal takes one addition away, once', () => {
    const { set, calls, notify } = setup();
    const listener = { onNext: (value: number) => calls.push(String(value)) };
    const removeFirst = set.add(listener);
    const removeSecond = set.add(listener);
    notify(1);
    removeFirst();
    removeFirst();
    notify(2);
    removeSecond();
    notify(3);
    expect(calls).toEqual(['1', '1', '2']);
  });

  it('calls the others when one throws, and reports what it threw', () => {
    const { calls, add, notify } = setup('a');
    const thrown = new Error('from b');
    add('b', () => {
      throw thrown;
    });
    add('c');
    notify(1);
    notify(2);
    expect(calls).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'c2']);
    expect(reported).toEqual([thrown, thrown]);
  });

  it('calls the others when one rejects, and reports what it rejected with', async () => {
    const { calls, add, notify } = setup('a');
    const rejection = new Error('from b');
    add('b', () => Promise.reject(rejection));
    add('c');
    notify(1);
    expect(calls).toEqual(['a1', 'b1', 'c1']);
    await turn();
    expect(reported).toEqual([rejection]);
  });

  it('[S15 S16] lets a listener remove itself while it is called', () => {
    const { calls, add, notify } = setup('a');
    const remove = add('b', () => remove());
    add('c');
    notify(1);
    notify(2);
    expect(calls).toEqual(['a1', 'b1', 'c1', 'a2', 'c2']);
  });

  it('[S17] lets 10 listeners remove themselves in one round, each called once in 5 rounds', () => {
    const { set, calls, add, notify } = setup();
    for (let i = 0; i < 10; i++) {
      const remove = add(`${i}:`, () => remove());
    }
    for (let round = 1; round <= 5; round++) notify(round);
    expect(calls).toEqual(Array.from({ length: 10 }, (_, i) => `${i}:1`));
    expect(set.size).toBe(0);
  });

  it('[S18] calls the staying ones in every round while others leave', () => {
    const { calls, add, notify } = setup();
    for (let i = 0; i < 4; i++) {
      add('stay');
      const remove = add('leave', () => remove());
    }
    for (let round = 1; round <= 3; round++) notify(round);
    expect(calls.filter((call) => call.startsWith('stay'))).toHaveLength(12);
    expect(calls.filter((call) => call.startsWith('leave'))).toHaveLength(4);
  });

  it('[S19] does not call a listener that another one removed in the same round', () => {
    const { calls, add, notify } = setup();
    add('a', () => removeC());
    add('b');
    const removeC = add('c');
    notify(1);
    expect(calls).toEqual(['a1', 'b1']);
  });

  it('[S20] does not call a listener in the round in which it was added, and calls it in the next', () => {
    const { calls, add, notify } = setup();
    const remove = add('a', () => {
      remove();
      add('late');
    });
    notify(1);
    expect(calls).toEqual(['a1']);
    notify(2);
    expect(calls).toEqual(['a1', 'late2']);
  });

  it('[S20] survives 1,000 additions and removals inside notifications', () => {
    const { set, calls, add, notify } = setup();
    const churn = (depth: number): void => {
      const remove = add('', () => {
        remove();
        if (depth > 1) churn(depth - 1);
      });
    };
    churn(1000);
    for (let round = 1; round <= 1001; round++) notify(round);
    expect(calls).toHaveLength(1000);
    expect(set.size).toBe(0);
  });

  it('calls nobody else after clear() in the same round', () => {
    const { set, calls, add, notify } = setup();
    add('a', () => set.clear());
    add('b');
    notify(1);
    expect(calls).toEqual(['a1']);
  });

  it('runs a round inside a round, and finishes both', () => {
    const { calls, add, notify } = setup();
    let nested = false;
    add('a', () => {
      if (nested) return;
      nested = true;
      notify(2);
    });
    add('b');
    notify(1);
    expect(calls).toEqual(['a1', 'a2', 'b2', 'b1']);
  });
});

describe('guard', () => {
  it('runs the callback once and reports nothing when it returns', async () => {
    const results: unknown[] = [undefined, 7, null, {}, thenable(7), Promise.resolve('x')];
    let runs = 0;
    for (const result of results) {
      guard(() => {
        runs++;
        return result;
      });
    }
    await turn();
    expect(runs).toBe(results.length);
    expect(reported).toEqual([]);
  });

  it('reports what is thrown and what is rejected with', async () => {
    const [thrown, rejection] = [new Error('thrown'), new Error('rejected')];
    guard(() => {
      throw thrown;
    });
    guard(() => Promise.reject(rejection));
    expect(reported).toEqual([thrown]);
    await turn();
    expect(reported).toEqual([thrown, rejection]);
  });

  it('reports the rejection of a thenable that is no Promise, and a then that throws', () => {
    const [thrown, rejection] = [new Error('thrown'), new Error('rejected')];
    guard(() => thenable((_: unknown, reject: (reason: Error) => void) => reject(rejection)));
    guard(() =>
      thenable(() => {
        throw thrown;
      }),
    );
    expect(reported).toEqual([rejection, thrown]);
  });
});
