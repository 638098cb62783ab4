import { EntraIdError } from '@entraid/core';
import { describe, expect, it } from '@jest/globals';
import { untilAborted } from '../src/until-aborted.js';
import { rejection } from './fixtures/rejection.js';

const never = (): Promise<never> => new Promise(() => {});

describe('untilAborted', () => {
  it('settles as the task does when the signal does not fire, and leaves no listener on it', async () => {
    const { signal } = new AbortController();
    let listeners = 0;
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
      listeners++;
      return addEventListener.apply(signal, args);
    };
    signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
      listeners--;
      return removeEventListener.apply(signal, args);
    };
    await expect(untilAborted(signal, async () => 7)).resolves.toBe(7);
    await expect(untilAborted(signal, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(listeners).toBe(0);
  });

  it("rejects with the signal's reason when that is an EntraIdError, as a manager gives it", async () => {
    const controller = new AbortController();
    const reason = new EntraIdError('CLOSED', 'closed');
    const result = rejection(() => untilAborted(controller.signal, never));
    controller.abort(reason);
    expect(await result).toBe(reason);
  });

  it('rejects with ABORTED and the reason as cause', async () => {
    const controller = new AbortController();
    const result = rejection(() => untilAborted(controller.signal, never));
    controller.abort('enough');
    expect(await result).toMatchObject({ code: 'ABORTED', cause: 'enough', retryable: false });
  });

  it('rejects with IDENTITY_UNAVAILABLE when the signal is a timeout', async () => {
    const error = await rejection(() => untilAborted(AbortSignal.timeout(1), never));
    expect(error).toMatchObject({ code: 'IDENTITY_UNAVAILABLE', retryable: true });
  });

  it('does not start the task when the signal has fired already', async () => {
    let started = false;
    const error = await rejection(() =>
      untilAborted(AbortSignal.abort(), async () => {
        started = true;
      }),
    );
    expect(error.code).toBe('ABORTED');
    expect(started).toBe(false);
  });

  it("keeps a task's late rejection from becoming an unhandled one", async () => {
    const controller = new AbortController();
    let fail: (error: Error) => void = () => {};
    const task = new Promise<never>((_, reject) => {
      fail = reject;
    });
    const result = rejection(() => untilAborted(controller.signal, () => task));
    controller.abort();
    await result;
    fail(new Error('too late'));
    await new Promise((resolve) => setImmediate(resolve));
  });
});
