import { type CredentialsProvider, createCredentialsProvider } from '../credentials-provider.js';
import type { IdentityProvider } from '../identity-provider.js';
import { promise, type RegisterTest, within } from './contract.js';

/** One sign-in that the server saw. */
export interface ObservedSignIn {
  /** Names the physical connection. */
  readonly connectionId: string | number;
  /** `HELLO`, or an AUTH in a handshake, opens a connection; an `AUTH` afterwards renews it. */
  readonly accepted: boolean;
}

/** A server that takes the tokens of `identityProvider` and tells what it sees. */
export interface ContractServer {
  readonly identityProvider: IdentityProvider;
  /** Every sign-in so far, in order. */
  signIns(): readonly ObservedSignIn[];
  /** Cuts every connection. */
  dropAll(): void;
  close(): Promise<unknown>;
}

/** One client of the adapter. */
export interface ContractClient {
  /** Any command that needs a signed-in connection; rejects when it fails. */
  ping(): Promise<unknown>;
  /** Resolves when its connection is closed. */
  close(): Promise<unknown>;
}

/** What {@link adapterContract} needs to know about an adapter. */
export interface AdapterSubject<Server extends ContractServer = ContractServer> {
  /** A server of its own for each test. */
  startServer(): Promise<Server>;
  /** Connects a client that signs in with `credentials`; resolves when it is ready. */
  connect(credentials: CredentialsProvider, server: Server): Promise<ContractClient>;
  /** Resolves when the client is ready again after its connection was cut. Default: a `ping()` that succeeds. */
  recovered?(client: ContractClient): Promise<unknown>;
}

/**
 * The promises of an adapter, as tests against a real server: one registration per live connection however often it
 * reconnects, one AUTH per connection and rotation, one request for many clients, and nothing left after close.
 */
export function adapterContract<Server extends ContractServer>(
  it: RegisterTest,
  subject: AdapterSubject<Server>,
): void {
  const scenario = (name: string, run: (world: World<Server>) => Promise<void>): void =>
    it(name, async () => {
      const world = await World.open(subject);
      try {
        await run(world);
      } finally {
        await world.close();
      }
    });

  scenario('signs in with the current token and registers one connection', async (world) => {
    const client = await world.connect();
    await client.ping();
    world.expectConnections(1);
    promise(world.renewals() === 0, 'no AUTH follows the handshake', world.renewals());
  });

  for (const drops of [0, 1, 5]) {
    scenario(`sends one AUTH per rotation after ${drops} reconnects`, async (world) => {
      const client = await world.connect();
      for (let drop = 0; drop < drops; drop++) await world.dropAndRecover(client);
      world.expectConnections(1);
      await world.rotate();
      promise(world.renewals() === 1, 'one AUTH', world.renewals());
      await client.ping();
    });
  }

  scenario('makes one request per rotation for 10 clients, and reaches each of them once', async (world) => {
    const clients = await Promise.all(Array.from({ length: 10 }, () => world.connect()));
    const requests = world.requests;
    await world.rotate();
    promise(world.requests === requests + 1, 'one request', world.requests - requests);
    promise(world.renewals() === 10, '10 AUTHs', world.renewals());
    await Promise.all(clients.map((client) => client.ping()));
  });

  scenario(
    'leaves no registration behind when its client closes, and does not stop the others',
    async (world) => {
      const [leaving, staying] = [await world.connect(), await world.connect()];
      await world.disconnect(leaving);
      world.expectConnections(1);
      await world.rotate();
      promise(world.renewals() === 1, 'one AUTH', world.renewals());
      await staying.ping();
      await world.disconnect(staying);
      world.expectConnections(0);
    },
  );
}

/** A server, a provider with a fast rotation, and the clients of one scenario. */
class World<Server extends ContractServer> {
  readonly #subject: AdapterSubject<Server>;
  readonly #server: Server;
  readonly #credentials: CredentialsProvider;
  readonly #clients = new Set<ContractClient>();
  readonly #seenConnections = new Set<string | number>();
  #countedFrom = 0;
  requests = 0;

  static async open<Server extends ContractServer>(subject: AdapterSubject<Server>): Promise<World<Server>> {
    return new World(subject, await subject.startServer());
  }

  constructor(subject: AdapterSubject<Server>, server: Server) {
    this.#subject = subject;
    this.#server = server;
    this.#credentials = createCredentialsProvider(
      {
        requestToken: (options) => {
          this.requests++;
          return server.identityProvider.requestToken(options);
        },
      },
      { minRequestIntervalMs: 50, reauthentication: { windowMs: 0 } },
    );
  }

  async connect(): Promise<ContractClient> {
    const client = await within(10_000, this.#subject.connect(this.#credentials, this.#server), 'connect()');
    this.#clients.add(client);
    return client;
  }

  /** Ends one client, as its application would. */
  async disconnect(client: ContractClient): Promise<void> {
    this.#clients.delete(client);
    await within(10_000, client.close(), 'close()');
  }

  async dropAndRecover(client: ContractClient): Promise<void> {
    this.#server.dropAll();
    const recovered = this.#subject.recovered?.(client) ?? pingUntilItSucceeds(client);
    await within(10_000, recovered, 'the recovery from a cut connection');
  }

  /** A new token, taken by every connection. */
  async rotate(): Promise<void> {
    for (const { connectionId } of this.#server.signIns()) this.#seenConnections.add(connectionId);
    this.#countedFrom = this.#server.signIns().length;
    const { reauthenticator, tokenManager } = this.#credentials;
    const due = reauthenticator.status().connections;
    let taken = 0;
    const everyone = new Promise<void>((resolve) => {
      const stop = reauthenticator.observe({
        onReauthenticated: () => {
          if (++taken < due) return;
          stop();
          resolve();
        },
      });
    });
    await tokenManager.getToken({ forceRefresh: true });
    await within(10_000, everyone, `the AUTHs of ${due} connections`);
  }

  /** Accepted AUTHs on connections that were signed in before the last rotation. */
  renewals(): number {
    return this.#server
      .signIns()
      .slice(this.#countedFrom)
      .filter(({ accepted, connectionId }) => accepted && this.#seenConnections.has(connectionId)).length;
  }

  expectConnections(expected: number): void {
    const { connections } = this.#credentials.reauthenticator.status();
    promise(connections === expected, `${expected} registered connections`, connections);
  }

  async close(): Promise<void> {
    for (const client of this.#clients) await client.close().catch(() => {});
    this.#credentials.close();
    await this.#server.close();
  }
}

async function pingUntilItSucceeds(client: ContractClient): Promise<void> {
  for (;;) {
    const failed = await client.ping().then(
      () => false,
      () => true,
    );
    if (!failed) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
