/** Whether this Redis command signs a connection in. Command names keep the caller's spelling. */
export function isSignInCommand(name: string): boolean {
  return name.length <= 5 && /^(?:auth|hello)$/i.test(name);
}

/** Whether the server refused the credentials themselves. Azure's proxies put `ERR ` before the code, Redis does not. */
export function isRefusal(error: Error): boolean {
  return /^(?:ERR )?(?:WRONGPASS|NOAUTH)\b/.test(error.message);
}

/** Takes the secret out of what ioredis adds to a reply error (6.0.0, DataHandler#returnError): the command's arguments. */
export function redactFailedCommand(error: Error): void {
  const { command } = error as { command?: { args?: unknown } };
  if (command !== undefined) command.args = ['[redacted]'];
}
