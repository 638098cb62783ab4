/** What an error of any origin says, for a message of ours; never empty. */
export function messageOf(cause: unknown): string {
  if (typeof cause !== 'object' || cause === null) return String(cause);
  const { message, code, name } = cause as { message?: unknown; code?: unknown; name?: unknown };
  // Node's AggregateError of a refused connection has an empty message and a telling code.
  for (const text of [message, code, name]) if (typeof text === 'string' && text.length > 0) return text;
  return 'an error without a message';
}
