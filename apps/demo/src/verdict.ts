import type { Observations } from './observations.js';

/** The demo's last line of standard output. */
export interface Summary {
  /** Tokens after the first one. */
  readonly rotations: number;
  /** Token requests that reached the identity side. */
  readonly identityRequests: number;
  /** AUTHs that live connections sent and the gate accepted. */
  readonly reauthentications: number;
  /** Connections beyond the first of each client. */
  readonly reconnects: number;
  /** SETs and GETs that came back right. */
  readonly commands: number;
  /** Commands that failed, but for those in flight when the demo cut their connections. */
  readonly commandErrors: number;
  /** Connections that the gate closed because their token's life was over. */
  readonly closedByExpiry: number;
}

/** What the gate and the identity side counted. */
export interface ServerCounts {
  readonly identityRequests: number;
  /** Accepted AUTHs, the ones inside HELLO not counted. */
  readonly auths: number;
  readonly connections: number;
  readonly closedByExpiry: number;
}

export function summarise(seen: Observations, counts: ServerCounts, clients: number): Summary {
  return {
    rotations: seen.rotations,
    identityRequests: counts.identityRequests,
    reauthentications: counts.auths,
    reconnects: counts.connections - clients,
    commands: seen.load.succeeded,
    commandErrors: seen.errors.length,
    closedByExpiry: counts.closedByExpiry,
  };
}

/** Everything that did not go as it should, as sentences; empty when all went well. */
export function complaints(
  seen: Observations,
  summary: Summary,
  expected: { clients: number; rotations: number },
): string[] {
  const { clients, rotations } = expected;
  const incomplete = [...seen.reauthentications].filter(
    ([, connectionIds]) => connectionIds.length !== clients || new Set(connectionIds).size !== clients,
  );
  const lost = seen.load.issued - seen.load.succeeded - seen.load.failed;
  const uncounted = seen.load.failed - seen.errors.length - seen.errorsByKill.length;
  const checks: readonly (readonly [boolean, string])[] = [
    [summary.rotations >= rotations, `${summary.rotations} rotations, fewer than ${rotations}`],
    [summary.commands > 0, 'no command succeeded'],
    [
      summary.commandErrors === 0,
      `${summary.commandErrors} commands failed: ${seen.errors.slice(0, 3).join('; ')}`,
    ],
    [lost === 0, `${lost} commands were issued and never answered`],
    [uncounted === 0, `${uncounted} failed commands were not reported`],
    [
      summary.closedByExpiry === 0,
      `${summary.closedByExpiry} connections were closed at their token's expiry`,
    ],
    [
      summary.reconnects === clients,
      `${summary.reconnects} reconnects where ${clients} connections were cut`,
    ],
    [seen.failedRounds > 0, 'the outage was over before a round of token requests had failed'],
    [
      summary.identityRequests <= summary.rotations + seen.failedAttempts,
      `${summary.identityRequests} token requests for ${summary.rotations} rotations and ${seen.failedAttempts} failed attempts`,
    ],
    [
      seen.reauthentications.size === summary.rotations && incomplete.length === 0,
      `not one AUTH per connection and rotation: ${JSON.stringify([...seen.reauthentications])}`,
    ],
    [
      summary.reauthentications === seen.totalReauthentications,
      `the gate accepted ${summary.reauthentications} AUTHs, the clients report ${seen.totalReauthentications}`,
    ],
  ];
  return [...seen.incidents, ...checks.filter(([fine]) => !fine).map(([, complaint]) => complaint)];
}
