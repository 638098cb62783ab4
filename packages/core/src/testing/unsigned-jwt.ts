/** A JWT with `claims` and no valid signature: what core reads of a token, and no server accepts. */
export function unsignedJwt(claims: Readonly<Record<string, unknown>>): string {
  return `${segment({ alg: 'RS256', typ: 'JWT' })}.${segment(claims)}.c2lnbmF0dXJl`;
}

function segment(value: unknown): string {
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  return btoa(String.fromCharCode(...bytes))
    .replace(/\+/g, '-')
    .replace(/\//g, '_')
    .replace(/=+$/, '');
}
