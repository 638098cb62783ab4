import { describe, expect, it, jest } from '@jest/globals';
import { EventHub } from '../src/event-hub.js';

interface Events {
  readonly tick: number;
}

describe('EventHub', () => {
  it('calls each listener until it is taken off, one added twice twice', () => {
    const hub = new EventHub<Events>();
    const seen: number[] = [];
    const listener = (value: number): void => void seen.push(value);
    const off = hub.on('tick', listener);
    hub.on('tick', listener);
    hub.emit('tick', 1);
    off();
    off();
    hub.emit('tick', 2);
    expect(seen).toEqual([1, 1, 2]);
  });

  it('resolves once() to the next event that matches', async () => {
    const hub = new EventHub<Events>();
    const even = hub.once('tick', (value) => value % 2 === 0);
    for (const value of [1, 2, 4]) hub.emit('tick', value);
    expect(await even).toBe(2);
  });

  it('lets a throwing listener stop nobody, and its error surface as uncaught', () => {
    const hub = new EventHub<Events>();
    const nextTick = jest.spyOn(process, 'nextTick').mockImplementation(() => undefined);
    const seen: number[] = [];
    hub.on('tick', () => {
      throw new Error('mine');
    });
    hub.on('tick', (value) => void seen.push(value));
    hub.emit('tick', 1);
    const rethrow = nextTick.mock.calls[0]?.[0] as () => void;
    nextTick.mockRestore();
    expect(seen).toEqual([1]);
    expect(rethrow).toThrow('mine');
  });

  it('rejects waits with CLOSED when it closes, without an unhandled rejection for a forgotten one', async () => {
    const hub = new EventHub<Events>();
    const waiting = hub.once('tick');
    void hub.once('tick');
    hub.close();
    await expect(waiting).rejects.toMatchObject({ code: 'CLOSED' });
  });
});
