/**
 * How many channels, patterns and shard channels a connection is subscribed to, learnt from the totals that
 * confirmations carry: SUBSCRIBE and PSUBSCRIBE share one total, SSUBSCRIBE has its own (pubsub.c of Redis 7.0).
 */
export class SubscriptionCounts {
  #channels = 0;
  #patterns = 0;
  #shardChannels = 0;

  get any(): boolean {
    return this.#channels + this.#patterns + this.#shardChannels > 0;
  }

  /** The number that an UNSUBSCRIBE, PUNSUBSCRIBE or SUNSUBSCRIBE without names ends. */
  of(name: string): number {
    if (name === 'PUNSUBSCRIBE') return this.#patterns;
    return name === 'SUNSUBSCRIBE' ? this.#shardChannels : this.#channels;
  }

  /** Takes note of a confirmation of the given kind, in upper case. */
  confirm(kind: string, total: number): void {
    if (kind.startsWith('P')) this.#patterns = total - this.#channels;
    else if (kind === 'SSUBSCRIBE' || kind === 'SUNSUBSCRIBE') this.#shardChannels = total;
    else this.#channels = total - this.#patterns;
  }

  clear(): void {
    this.#channels = 0;
    this.#patterns = 0;
    this.#shardChannels = 0;
  }
}
