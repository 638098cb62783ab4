import { readFile } from 'node:fs/promises';
import {
  accessToken,
  type CredentialsProvider,
  createCredentialsProvider,
  createResponseParser,
} from '@entraid/core';
import { FakeClock, ScriptedIdentityProvider } from '@entraid/core/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Attributes } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { countEvents, measureCredentials } from '../src/opentelemetry-metrics.js';

const TOKEN_LIFE_MS = 600_000;
const SECRET = 'opaque-secret-';

describe('countEvents and measureCredentials, read through a real MeterProvider', () => {
  let clock: FakeClock;
  let source: ScriptedIdentityProvider;
  let credentials: CredentialsProvider;
  let exporter: InMemoryMetricExporter;
  let meters: MeterProvider;
  let stop: () => void;

  beforeEach(() => {
    clock = new FakeClock();
    source = new ScriptedIdentityProvider(({ number }) =>
      accessToken({ token: `${SECRET}${number}`, expiresOnTimestamp: clock.now() + TOKEN_LIFE_MS }),
    );
    credentials = createCredentialsProvider(source, {
      clock,
      random: () => 0,
      retry: { maxAttempts: 1 },
      responseParser: createResponseParser({ credentialsMapper: () => ({ username: 'app' }) }),
    });
    exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    meters = new MeterProvider({
      readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })],
    });
    const meter = meters.getMeter('test');
    const ends = [countEvents(meter), measureCredentials(credentials, meter)];
    stop = () => {
      for (const end of ends) end();
    };
  });
  afterEach(async () => {
    stop();
    credentials.close();
    await meters.shutdown();
  });

  /** The newest value of each metric, by name and attributes. */
  const read = async (): Promise<Record<string, number>> => {
    exporter.reset();
    await meters.forceFlush();
    const metrics = exporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
    const points = metrics.flatMap(({ descriptor, dataPoints }) =>
      dataPoints.map(
        ({ attributes, value }) => [label(descriptor.name, attributes), value as number] as const,
      ),
    );
    return Object.fromEntries(points);
  };
  const signIn = async (authenticate: () => Promise<'applied'>): Promise<void> => {
    const token = await credentials.tokenManager.getToken();
    credentials.reauthenticator.register({ id: '10.0.0.1:6379/1', authenticate }, token);
    await clock.advance(0);
  };

  it('says idle before the first token, and neither an expiry nor an event', async () => {
    expect(await read()).toEqual({
      'entraid.token.state state=idle username=': 1,
      'entraid.connections due=false username=': 0,
      'entraid.connections due=true username=': 0,
    });
  });

  it('says valid and 600 s after the first token, 590 s 10 s later, and 1 connection when one signs in', async () => {
    await signIn(async () => 'applied');
    expect(await read()).toEqual({
      'entraid.events event=entraid:token:refreshed': 1,
      'entraid.token.state state=valid username=app': 1,
      'entraid.token.expires_in username=app': 600,
      'entraid.connections due=false username=app': 1,
      'entraid.connections due=true username=app': 0,
    });
    await clock.advance(10_000);
    expect(await read()).toMatchObject({ 'entraid.token.expires_in username=app': 590 });
  });

  it('counts 3 refreshes and 3 re-authentications over 3 rotations', async () => {
    await signIn(async () => 'applied');
    await clock.advance(3 * 300_000);
    expect(await read()).toMatchObject({
      'entraid.events event=entraid:token:refreshed': 4,
      'entraid.events event=entraid:connection:reauthenticated': 3,
      'entraid.connections due=false username=app': 1,
    });
  });

  it('counts the failures of an outage by error code, says degraded, and then expired', async () => {
    await signIn(async () => 'applied');
    source.script = () => Promise.reject(Object.assign(new Error('down'), { status: 503 }));
    await clock.advance(301_000);
    const failed = 'entraid.events error.type=IDENTITY_UNAVAILABLE event=entraid:token:refresh-failed';
    const degraded = await read();
    expect(degraded).toMatchObject({ [failed]: 1, 'entraid.token.state state=degraded username=app': 1 });
    expect(degraded).not.toHaveProperty(['entraid.token.state state=valid username=app']);
    await clock.advance(300_000);
    const expired = await read();
    expect(expired[failed]).toBeGreaterThan(1);
    expect(expired).toMatchObject({
      'entraid.token.state state=expired username=app': 1,
      'entraid.token.expires_in username=app': -1,
      'entraid.events error.type=CONNECTION_AT_RISK event=entraid:connection:at-risk': 1,
    });
  });

  it('counts refused AUTHs and the connection that is at risk, and says that 1 connection is due', async () => {
    await signIn(() => Promise.reject(new Error('WRONGPASS')));
    await clock.advance(599_000);
    const metrics = await read();
    expect(metrics).toMatchObject({
      'entraid.events error.type=CONNECTION_AT_RISK event=entraid:connection:at-risk': 1,
      'entraid.connections due=false username=app': 0,
      'entraid.connections due=true username=app': 1,
    });
    expect(
      metrics[
        'entraid.events error.type=REAUTHENTICATION_FAILED event=entraid:connection:reauthentication-failed'
      ],
    ).toBeGreaterThan(1);
  });

  it('counts a listener that throws', async () => {
    credentials.tokenManager.subscribe({
      onNext: () => {
        throw new Error('a bug of the application');
      },
    });
    await clock.advance(0);
    expect(await read()).toMatchObject({ 'entraid.events event=entraid:listener:error': 1 });
  });

  it('records nothing any more after its end', async () => {
    await signIn(async () => 'applied');
    stop();
    await clock.advance(300_000);
    expect(await read()).toEqual({ 'entraid.events event=entraid:token:refreshed': 1 });
  });

  it('shows neither the token nor the connection in a metric', async () => {
    await signIn(() => Promise.reject(new Error('WRONGPASS')));
    await clock.advance(599_000);
    await meters.forceFlush();
    const exported = JSON.stringify(exporter.getMetrics());
    expect(exported).toContain('REAUTHENTICATION_FAILED');
    expect(exported).not.toContain(SECRET);
    expect(exported).not.toContain('10.0.0.1');
  });

  it('is the code that docs/observability.md shows', async () => {
    const [code, document] = await Promise.all(
      ['../src/opentelemetry-metrics.ts', '../../../docs/observability.md'].map((file) =>
        readFile(new URL(file, import.meta.url), 'utf8'),
      ),
    );
    expect(document).toContain(`\`\`\`ts\n${code}\`\`\`\n`);
  });
});

function label(name: string, attributes: Attributes): string {
  const pairs = Object.entries(attributes).map(([key, value]) => ` ${key}=${String(value)}`);
  return name + pairs.sort().join('');
}
