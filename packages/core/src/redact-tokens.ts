/**
 * Three base64url segments joined by dots, the first one starting with `{"` in base64url: a JWT (RFC 7519 §3), or its
 * beginning. Redis replies and HTTP libraries like to quote what they were sent.
 */
const JWT = /\beyJ[\w-]{5,}(?:\.[\w-]*){0,2}/g;

/** `text` with everything that looks like a JWT replaced. Messages of other people's errors pass through it. */
export function redactTokens(text: string): string {
  return text.replace(JWT, '[redacted token]');
}
