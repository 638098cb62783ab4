import type { ReplyElement, ReplyFrame } from './reply-scanner.js';
import type { RequestCommand } from './request-parser.js';
import { SubscriptionCounts } from './subscription-counts.js';

/** A request whose reply is still to come. `attempt` is the caller's own, for requests that carry credentials. */
export interface ExpectedReply<Attempt> extends RequestCommand {
  readonly attempt?: Attempt;
  /** RESP version that the request switches to. */
  readonly protocol?: number;
  /** What to say instead when the server refuses the credentials: a line without its end. */
  readonly refusalLine?: string;
}

/** What the tracker finds out. */
export interface ReplyObserver<Attempt> {
  /** The server decided. `undefined`: it was told not to say (CLIENT REPLY), or its stream is not followed any more. */
  onAuthentication(attempt: Attempt, accepted: boolean | undefined): void;
  /** RESET: the connection is nobody's again. */
  onReset(): void;
}

/**
 * Finds out which reply answers which request: in order, save for pushes, pub/sub messages, and what a transaction
 * queues. After MONITOR, SYNC, PSYNC, CLIENT REPLY, or a subscription inside a transaction, replies are not followed.
 */
export class ReplyTracker<Attempt> {
  readonly #observer: ReplyObserver<Attempt>;
  readonly #expected: ExpectedReply<Attempt>[] = [];
  readonly #subscriptions = new SubscriptionCounts();
  /** Requests queued since MULTI; undefined outside a transaction. */
  #transaction: ExpectedReply<Attempt>[] | undefined;
  #confirmationsLeft: number | undefined;
  #protocol = 2;
  #following = true;

  constructor(observer: ReplyObserver<Attempt>) {
    this.#observer = observer;
  }

  /** Whether replies are still told apart. Once false, always false. */
  get following(): boolean {
    return this.#following;
  }

  expect(reply: ExpectedReply<Attempt>): void {
    if (this.#following) this.#expected.push(reply);
    else if (reply.attempt !== undefined) this.#observer.onAuthentication(reply.attempt, undefined);
    if (endsFollowing(reply)) this.#stopFollowing();
  }

  /** Whether the elements of the reply that begins with `typeByte` matter. */
  wantsElements(typeByte: number): boolean {
    if (!this.#following) return false;
    const type = String.fromCharCode(typeByte);
    const next = this.#expected[0];
    return type === '>' || (type === '*' && (next?.name === 'EXEC' || this.#speaksPubSub(next)));
  }

  /** Whether the reply that begins with `typeByte` must be replaced should it be a refusal. */
  mayReplace(typeByte: number): boolean {
    return this.#following && typeByte === 0x2d && this.#expected[0]?.refusalLine !== undefined;
  }

  /** Takes note of a complete reply. Returns the line to send in its place, if any. */
  accept(frame: ReplyFrame): string | undefined {
    if (!this.#following || this.#isOutOfBand(frame)) return undefined;
    const reply = this.#expected.shift();
    if (reply === undefined) return undefined;
    if (this.#transaction !== undefined && frame.line === '+QUEUED') {
      this.#transaction.push(reply);
      if (isSubscription(reply.name)) this.#stopFollowing();
      return undefined;
    }
    this.#settle(reply, { type: frame.type, text: frame.line.slice(1) }, frame.elements);
    return frame.line.startsWith('-WRONGPASS') ? reply.refusalLine : undefined;
  }

  #settle(reply: ExpectedReply<Attempt>, answer: ReplyElement, elements: readonly ReplyElement[]): void {
    const failed = isError(answer);
    if (reply.attempt !== undefined) this.#observer.onAuthentication(reply.attempt, !failed);
    switch (reply.name) {
      case 'HELLO':
        if (!failed) this.#protocol = reply.protocol ?? this.#protocol;
        return;
      case 'MULTI':
        if (!failed) this.#transaction = [];
        return;
      case 'DISCARD':
        if (!failed) this.#transaction = undefined;
        return;
      case 'EXEC':
        this.#settleTransaction(failed && !answer.text.startsWith('EXECABORT'), elements);
        return;
      case 'RESET':
        if (!failed) this.#reset();
        return;
      default:
    }
  }

  #settleTransaction(refused: boolean, elements: readonly ReplyElement[]): void {
    if (refused) return;
    const queued = this.#transaction ?? [];
    this.#transaction = undefined;
    // An aborted transaction has no elements: nothing of it was applied.
    elements.forEach((element, index) => {
      const reply = queued[index];
      if (reply !== undefined) this.#settle(reply, element, []);
    });
  }

  #reset(): void {
    this.#protocol = 2;
    this.#transaction = undefined;
    this.#subscriptions.clear();
    this.#observer.onReset();
  }

  /** Pushes and pub/sub messages answer nothing; of the confirmations of one SUBSCRIBE only the last completes it. */
  #isOutOfBand(frame: ReplyFrame): boolean {
    const next = this.#expected[0];
    const isPush = frame.type === '>';
    if (!isPush && !(this.#protocol === 2 && frame.type === '*' && this.#speaksPubSub(next))) return false;
    const kind = frame.elements[0]?.text.toUpperCase() ?? '';
    if (!isPush && !isSubscription(kind) && !isMessage(kind)) return false;
    if (isSubscription(kind)) {
      const left = this.#confirmationsLeft ?? (next === undefined ? 1 : this.#confirmationsOf(next));
      this.#subscriptions.confirm(kind, Number(frame.elements[2]?.text));
      // Redis also unsubscribes on its own, when a slot moves away.
      if (next?.name === kind) {
        this.#confirmationsLeft = left - 1;
        if (this.#confirmationsLeft === 0) {
          this.#confirmationsLeft = undefined;
          this.#expected.shift();
        }
      }
    }
    return true;
  }

  #speaksPubSub(next: ExpectedReply<Attempt> | undefined): boolean {
    return this.#subscriptions.any || (next !== undefined && isSubscription(next.name));
  }

  #confirmationsOf(reply: ExpectedReply<Attempt>): number {
    const named = reply.argumentCount - 1;
    return named > 0 ? named : Math.max(1, this.#subscriptions.of(reply.name));
  }

  #stopFollowing(): void {
    this.#following = false;
    for (const { attempt } of [...(this.#transaction ?? []), ...this.#expected]) {
      if (attempt !== undefined) this.#observer.onAuthentication(attempt, undefined);
    }
    this.#expected.length = 0;
    this.#transaction = undefined;
  }
}

function endsFollowing(command: RequestCommand): boolean {
  return (
    ['MONITOR', 'SYNC', 'PSYNC'].includes(command.name) ||
    (command.name === 'CLIENT' && command.subcommand === 'REPLY')
  );
}

function isError(answer: ReplyElement): boolean {
  return answer.type === '-' || answer.type === '!';
}

function isSubscription(name: string): boolean {
  return /^[PS]?(UN)?SUBSCRIBE$/.test(name);
}

function isMessage(kind: string): boolean {
  return /^[PS]?MESSAGE$/.test(kind);
}
