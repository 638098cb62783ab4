import { describe, expect, it } from '@jest/globals';
import { ReplyScanner } from '../src/redis/reply-scanner.js';
import { ReplyTracker } from '../src/redis/reply-tracker.js';

/** Expects `requests`, then takes `replies`; returns what was decided, in order. */
function track(
  requests: readonly (readonly string[])[],
  replies: string,
): { readonly decisions: string[]; readonly sent: (string | undefined)[]; readonly following: boolean } {
  const decisions: string[] = [];
  const tracker = new ReplyTracker<string>({
    onAuthentication: (attempt, accepted) => decisions.push(`${attempt}:${accepted}`),
    onReset: () => decisions.push('reset'),
  });
  for (const [name = '', ...args] of requests) {
    const isAttempt = name === 'AUTH' || name === 'HELLO';
    tracker.expect({
      name,
      argumentCount: args.length + 1,
      ...(isAttempt ? { attempt: args[0] ?? '' } : {}),
      ...(name === 'HELLO' ? { protocol: 3 } : {}),
      ...(name === 'CLIENT' ? { subcommand: args[0] ?? '' } : {}),
      ...(args[0] === 'refuse' ? { refusalLine: '-MINE' } : {}),
    });
  }
  const scanner = new ReplyScanner();
  const chunk = Buffer.from(replies);
  const sent: (string | undefined)[] = [];
  let position = 0;
  while (position < chunk.length) {
    const typeByte = chunk[position] as number;
    scanner.collectElements = tracker.wantsElements(typeByte);
    const step = scanner.scan(chunk, position);
    position = step.position;
    if (step.frame) sent.push(tracker.accept(step.frame));
  }
  return { decisions, sent, following: tracker.following };
}

function push(type: '*' | '>', ...parts: readonly (string | number)[]): string {
  const body = parts.map((part) =>
    typeof part === 'number' ? `:${part}\r\n` : `$${part.length}\r\n${part}\r\n`,
  );
  return `${type}${parts.length}\r\n${body.join('')}`;
}

describe('ReplyTracker', () => {
  it('gives each reply to the oldest request', () => {
    const { decisions } = track(
      [['GET'], ['AUTH', 'a'], ['GET'], ['AUTH', 'b']],
      '+x\r\n+OK\r\n-WRONGPASS\r\n-WRONGPASS\r\n',
    );
    expect(decisions).toEqual(['a:true', 'b:false']);
  });

  it('takes pushes for no reply', () => {
    const { decisions } = track(
      [['AUTH', 'a']],
      `${push('>', 'invalidate', 'k')}${push('>', 'message', 'c', 'x')}+OK\r\n`,
    );
    expect(decisions).toEqual(['a:true']);
  });

  it('counts one reply per channel of SUBSCRIBE, and of UNSUBSCRIBE without names one per subscription', () => {
    const replies = [
      push('*', 'subscribe', 'a', 1),
      push('*', 'subscribe', 'b', 2),
      push('*', 'psubscribe', 'p*', 3),
      push('*', 'message', 'a', 'hi'),
      push('*', 'pmessage', 'p*', 'pq', 'hi'),
      push('*', 'unsubscribe', 'a', 2),
      push('*', 'unsubscribe', 'b', 1),
      push('*', 'punsubscribe', 'p*', 0),
      '+OK\r\n',
    ];
    const requests = [
      ['SUBSCRIBE', 'a', 'b'],
      ['PSUBSCRIBE', 'p*'],
      ['UNSUBSCRIBE'],
      ['PUNSUBSCRIBE'],
      ['AUTH', 'x'],
    ];
    expect(track(requests, replies.join('')).decisions).toEqual(['x:true']);
  });

  it('counts one reply for UNSUBSCRIBE when there is no subscription', () => {
    const replies = `*3\r\n$11\r\nunsubscribe\r\n$-1\r\n:0\r\n+OK\r\n`;
    expect(track([['UNSUBSCRIBE'], ['AUTH', 'x']], replies).decisions).toEqual(['x:true']);
  });

  it('takes an error for the whole answer to SUBSCRIBE', () => {
    expect(
      track(
        [
          ['SUBSCRIBE', 'a', 'b'],
          ['AUTH', 'x'],
        ],
        '-NOPERM\r\n+OK\r\n',
      ).decisions,
    ).toEqual(['x:true']);
  });

  it('takes the end of a shard subscription that nobody asked for as no reply', () => {
    const replies = `${push('>', 'ssubscribe', 's', 1)}${push('>', 'sunsubscribe', 's', 0)}+OK\r\n`;
    expect(
      track(
        [
          ['SSUBSCRIBE', 's'],
          ['AUTH', 'x'],
        ],
        replies,
      ).decisions,
    ).toEqual(['x:true']);
  });

  it('tells an array that looks like a message from one, outside subscriptions and in RESP3', () => {
    const lookalike = push('*', 'message', 'a', 'b');
    expect(track([['LRANGE'], ['AUTH', 'x']], `${lookalike}+OK\r\n`).decisions).toEqual(['x:true']);
    const resp3 = `%0\r\n${push('>', 'subscribe', 'a', 1)}${lookalike}+OK\r\n`;
    expect(track([['HELLO', 'h'], ['SUBSCRIBE', 'a'], ['LRANGE'], ['AUTH', 'x']], resp3).decisions).toEqual([
      'h:true',
      'x:true',
    ]);
  });

  it('decides what a transaction queued when EXEC runs it', () => {
    const requests = [['MULTI'], ['GET'], ['AUTH', 'a'], ['AUTH', 'b'], ['EXEC'], ['AUTH', 'c']];
    const queued = '+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n';
    expect(track(requests, `${queued}*3\r\n$-1\r\n+OK\r\n-WRONGPASS\r\n+OK\r\n`).decisions).toEqual([
      'a:true',
      'b:false',
      'c:true',
    ]);
    expect(track(requests, `${queued}*-1\r\n+OK\r\n`).decisions).toEqual(['c:true']);
    expect(track(requests, `${queued}-EXECABORT\r\n+OK\r\n`).decisions).toEqual(['c:true']);
  });

  it('stays in a transaction when a nested MULTI is refused', () => {
    const requests = [['MULTI'], ['MULTI'], ['AUTH', 'a'], ['EXEC']];
    const replies = '+OK\r\n-ERR MULTI calls can not be nested\r\n+QUEUED\r\n*1\r\n+OK\r\n';
    expect(track(requests, replies).decisions).toEqual(['a:true']);
  });

  it('forgets transaction, subscriptions and protocol at RESET', () => {
    const requests = [['HELLO', 'h'], ['SUBSCRIBE', 'a'], ['MULTI'], ['RESET'], ['LRANGE'], ['AUTH', 'x']];
    const lookalike = push('*', 'message', 'a', 'b');
    const replies = `%0\r\n${push('>', 'subscribe', 'a', 1)}+OK\r\n+RESET\r\n${lookalike}+OK\r\n`;
    expect(track(requests, replies).decisions).toEqual(['h:true', 'reset', 'x:true']);
  });

  it('reads subscriptions as RESP2 again after RESET', () => {
    const requests = [['HELLO', 'h'], ['RESET'], ['SUBSCRIBE', 'a', 'b'], ['AUTH', 'x']];
    const confirmations = push('*', 'subscribe', 'a', 1) + push('*', 'subscribe', 'b', 2);
    const { decisions } = track(requests, `%0\r\n+RESET\r\n${confirmations}-ERR only (P|S)SUBSCRIBE\r\n`);
    expect(decisions).toEqual(['h:true', 'reset', 'x:false']);
  });

  it.each([[['MONITOR']], [['SYNC']], [['PSYNC']], [['CLIENT', 'REPLY']]])(
    'follows no replies after %j',
    (last) => {
      const { decisions, following } = track([['AUTH', 'a'], last, ['AUTH', 'b']], '+anything\r\n');
      expect(decisions).toEqual(['a:undefined', 'b:undefined']);
      expect(following).toBe(false);
    },
  );

  it('follows no replies after a subscription inside a transaction', () => {
    const { following } = track([['MULTI'], ['SUBSCRIBE', 'a']], '+OK\r\n+QUEUED\r\n');
    expect(following).toBe(false);
  });

  it('takes an unasked error for no reply', () => {
    expect(track([], '-ERR max number of clients reached\r\n').decisions).toEqual([]);
  });

  it('names the line to send instead of a refusal, and of nothing else', () => {
    expect(track([['AUTH', 'refuse']], '-WRONGPASS invalid\r\n').sent).toEqual(['-MINE']);
    expect(track([['AUTH', 'refuse']], '-ERR other\r\n').sent).toEqual([undefined]);
    expect(track([['AUTH', 'a']], '-WRONGPASS invalid\r\n').sent).toEqual([undefined]);
  });
});
