import { randomBytes } from 'node:crypto';
import { EmulatorError } from '../emulator-error.js';
import { runOnServer, type ServerAccess } from './server-access.js';

/** What an identity may do unless said otherwise: everything, as Azure's built-in access policy Data Owner. */
export const DATA_OWNER_RULES = '~* &* +@all';

const ADMIN_PREFIX = 'entraid-emulator-';

/**
 * The users of a server behind a gate. Each assigned identity is an ACL user named by its object id, whose password only
 * the gate knows; the default user is off. So nobody gets in but through the gate.
 */
export class AccessList {
  /** The gate's own way in. */
  readonly admin: ServerAccess & { readonly username: string; readonly password: string };
  readonly #password: string = randomBytes(32).toString('hex');
  readonly #assigned = new Set<string>();

  /** Takes the server over: `access` must be allowed to run ACL commands. Rejects with `REDIS_SERVER_FAILED`. */
  static async takeOver(access: ServerAccess): Promise<AccessList> {
    const { host, port } = access;
    // A name and passwords of its own, added to what is there: several gates may stand before one server.
    const username = `${ADMIN_PREFIX}${randomBytes(8).toString('hex')}`;
    const admin = { host, port, username, password: randomBytes(32).toString('hex') };
    await runOnServer(access, [
      ['ACL', 'SETUSER', username, 'on', `>${admin.password}`, '~*', '&*', '+@all'],
      // Without resetpass, AUTH with a password alone would be answered as on a server that has no passwords at all.
      ['ACL', 'SETUSER', 'default', 'resetpass', 'off'],
    ]);
    return new AccessList(admin);
  }

  private constructor(admin: AccessList['admin']) {
    this.admin = admin;
  }

  /** The server's password of an assigned identity. */
  passwordOf(objectId: string): string | undefined {
    return this.#assigned.has(objectId) ? this.#password : undefined;
  }

  /** Gives an identity access, or changes what it may do, open connections included. `rules` are Redis ACL rules. */
  async assign(objectId: string, rules: string): Promise<void> {
    if (!/^[\w.@-]{1,256}$/.test(objectId) || objectId.startsWith(ADMIN_PREFIX) || objectId === 'default') {
      throw new EmulatorError('INVALID_OPTION', 'objectId must be the object id of an identity');
    }
    const given = rules.split(' ').filter((rule) => rule !== '');
    const ruleSet = ['on', `>${this.#password}`, 'resetkeys', 'resetchannels', '-@all', ...given];
    await runOnServer(this.admin, [['ACL', 'SETUSER', objectId, ...ruleSet]]);
    this.#assigned.add(objectId);
  }

  /** Takes an identity's access away; the server closes its connections. */
  async unassign(objectId: string): Promise<void> {
    if (!this.#assigned.delete(objectId)) return;
    await runOnServer(this.admin, [['ACL', 'DELUSER', objectId]]);
  }
}
