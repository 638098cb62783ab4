import { randomBytes, randomUUID } from 'node:crypto';
import { EmulatorError } from '../emulator-error.js';
import { checkGuid, checkKnownOptions, checkText } from '../option-checks.js';

/** An application to register in the emulated tenant. Whatever is left out is random. */
export interface ClientOptions {
  /** The application (client) id, a GUID. */
  readonly clientId?: string;
  /** The client secret, any non-empty text. */
  readonly clientSecret?: string;
  /** The object id of the service principal, a GUID: the `oid` of its tokens and its user name in Redis. */
  readonly objectId?: string;
}

/** An application registered in the emulated tenant. Ids are GUIDs in lower case. */
export interface RegisteredClient {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly objectId: string;
}

/** The tenant's applications, by client id. */
export class ClientRegistry {
  readonly all: readonly RegisteredClient[];
  readonly first: RegisteredClient;

  /** Throws `INVALID_OPTION` when `clients` is empty, malformed, or names one id twice. */
  constructor(clients: readonly ClientOptions[]) {
    this.all = clients.map(register);
    const [first] = this.all;
    if (first === undefined)
      throw new EmulatorError('INVALID_OPTION', 'clients must name at least one client');
    this.first = first;
    for (const id of ['clientId', 'objectId'] as const) {
      if (new Set(this.all.map((client) => client[id])).size < this.all.length) {
        throw new EmulatorError('INVALID_OPTION', `clients must not share a ${id}`);
      }
    }
  }

  find(clientId: string): RegisteredClient | undefined {
    const wanted = clientId.toLowerCase();
    return this.all.find((client) => client.clientId === wanted);
  }
}

function register(options: ClientOptions, index: number): RegisteredClient {
  const owner = `clients[${index}]`;
  checkKnownOptions(owner, options, ['clientId', 'clientSecret', 'objectId']);
  const { clientId = randomUUID(), clientSecret = randomSecret(), objectId = randomUUID() } = options;
  return {
    clientId: checkGuid(`${owner}.clientId`, clientId),
    clientSecret: checkText(`${owner}.clientSecret`, clientSecret),
    objectId: checkGuid(`${owner}.objectId`, objectId),
  };
}

/** 40 characters of the alphabet Entra uses for secrets, `~` and `.` included, so that encoding faults show. */
function randomSecret(): string {
  return `emu8Q~${randomBytes(25).toString('base64url')}.`;
}
