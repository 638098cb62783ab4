/** How a connection authenticates: the command that carries the credentials. */
export type AuthenticationKind = 'AUTH' | 'HELLO';

/** What an AUTH or HELLO asks for. */
export interface AuthenticationCommand {
  readonly kind: AuthenticationKind;
  /** Absent for a HELLO without AUTH, and for calls the server refuses as malformed. */
  readonly credentials?: {
    readonly username: string;
    readonly password: string;
    /** Which argument is the password. */
    readonly passwordIndex: number;
  };
  /** RESP version that a HELLO switches to. */
  readonly protocol?: number;
}

/** Reads the arguments of AUTH (`AUTH [user] password`) or HELLO (`HELLO [version [AUTH user password] [SETNAME name]]`). */
export function readAuthenticationCommand(args: readonly Buffer[]): AuthenticationCommand {
  if (args[0]?.toString('latin1').toUpperCase() === 'HELLO') return readHello(args);
  const [, first, second] = args;
  if (args.length === 2 && first !== undefined) {
    return {
      kind: 'AUTH',
      credentials: { username: 'default', password: first.toString(), passwordIndex: 1 },
    };
  }
  if (args.length === 3 && first !== undefined && second !== undefined) {
    const credentials = { username: first.toString(), password: second.toString(), passwordIndex: 2 };
    return { kind: 'AUTH', credentials };
  }
  return { kind: 'AUTH' };
}

function readHello(args: readonly Buffer[]): AuthenticationCommand {
  const version = Number(args[1]?.toString('latin1'));
  let command: AuthenticationCommand = { kind: 'HELLO', ...(args.length > 1 ? { protocol: version } : {}) };
  for (let at = 2; at < args.length; at += 1) {
    const option = args[at]?.toString('latin1').toUpperCase();
    const [username, password] = [args[at + 1], args[at + 2]];
    if (option === 'AUTH' && username !== undefined && password !== undefined) {
      const credentials = {
        username: username.toString(),
        password: password.toString(),
        passwordIndex: at + 2,
      };
      // As in Redis, the last AUTH of a HELLO counts.
      command = { ...command, credentials };
      at += 2;
    } else if (option === 'SETNAME') {
      at += 1;
    }
  }
  return command;
}

/** A command as a RESP multibulk request. */
export function encodeCommand(args: readonly (Buffer | string)[]): Buffer {
  const parts: Buffer[] = [Buffer.from(`*${args.length}\r\n`)];
  for (const arg of args) {
    const bytes = Buffer.from(arg as string);
    parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n'));
  }
  return Buffer.concat(parts);
}
