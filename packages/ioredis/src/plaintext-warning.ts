import type { RedisOptions } from 'ioredis';

/** Code of the process warning about tokens that travel unencrypted. */
const PLAINTEXT_WARNING_CODE = 'ENTRAID_PLAINTEXT';

/** Warns through `process.emitWarning` when a connection with these options would send its token unencrypted over a network. */
export function warnAboutPlaintext(options: RedisOptions): boolean {
  const host = plaintextHost(options);
  if (host === undefined) return false;
  process.emitWarning(
    `The Redis connection to ${host} is not encrypted: its access token can be read on the network. Set the option tls.`,
    { type: 'EntraIdWarning', code: PLAINTEXT_WARNING_CODE },
  );
  return true;
}

function plaintextHost(options: RedisOptions): string | undefined {
  const { sentinels, tls, enableTLSForSentinelMode, path, host = 'localhost' } = options;
  if (sentinels) {
    // With sentinels ioredis reads `tls` only when enableTLSForSentinelMode is set (6.0.0, SentinelConnector#connect).
    if (tls && enableTLSForSentinelMode) return undefined;
    return sentinels.map((sentinel) => sentinel.host ?? 'localhost').find((name) => !isLoopback(name));
  }
  return tls || path || isLoopback(host) ? undefined : host;
}

/** RFC 6761 §6.3, RFC 1122 §3.2.1.3 (g), RFC 4291 §2.5.3. */
function isLoopback(host: string): boolean {
  const name = host.toLowerCase();
  return /^(?:(?:.+\.)?localhost|(?:::ffff:)?127(?:\.\d{1,3}){3}|::1)$/.test(name);
}
