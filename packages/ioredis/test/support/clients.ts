import type { Emulator } from '@entraid/emulator';
import type { AnyRedis } from '../../src/index.js';

/** Clients of one test: their 'error' events are kept, and they are disconnected at the end. */
export class Clients {
  readonly errors: Error[] = [];
  readonly #clients: AnyRedis[] = [];

  track<Client extends AnyRedis>(client: Client): Client {
    client.on('error', (error: Error) => this.errors.push(error));
    this.#clients.push(client);
    return client;
  }

  /** Disconnects every client, forgets them and their errors, and waits until the gate has seen the last of them. */
  async release({ redis: { gate } }: Emulator): Promise<void> {
    for (const client of this.#clients.splice(0)) client.disconnect();
    while (gate.connections.open > 0) await gate.once('closed');
    this.errors.length = 0;
  }
}

/** Resolves to the arguments of the next `event`. Unlike `events.once` it does not mind an 'error' event before that. */
export function next(client: AnyRedis, event: string): Promise<unknown[]> {
  return new Promise((resolve) => client.once(event, (...args: unknown[]) => resolve(args)));
}

/** Resolves when a command of this name has been sent and waits for its reply. Rejects after 5 s. */
export async function inFlight(client: AnyRedis, name: string): Promise<void> {
  const deadlineMs = performance.now() + 5000;
  while (!client.commandQueue.toArray().some(({ command }) => command.name === name)) {
    if (performance.now() > deadlineMs) throw new Error(`no ${name} was sent`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
