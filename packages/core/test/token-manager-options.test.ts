import { describe, expect, it } from '@jest/globals';
import {
  checkBoolean,
  checkFunction,
  checkKnownOptions,
  checkNumber,
  checkOneOf,
  checkString,
  createResponseParser,
  type EntraIdError,
  rawToken,
  systemClock,
  TokenManager,
  type TokenManagerOptions,
} from '../src/index.js';
import { FakeClock, ScriptedIdentityProvider } from '../src/testing/index.js';
import { resolveTokenManagerOptions, TOKEN_MANAGER_OPTION_NAMES } from '../src/token-manager-options.js';

const resolve = (options: unknown): Record<string, unknown> => ({
  ...resolveTokenManagerOptions(options as TokenManagerOptions),
});

function refusal(run: () => unknown): EntraIdError {
  try {
    run();
  } catch (error) {
    expect(error).toMatchObject({ name: 'EntraIdError', code: 'INVALID_OPTION', retryable: false });
    return error as EntraIdError;
  }
  throw new Error('the value was accepted');
}

interface NumericOption {
  readonly path: string;
  /** As the message has it. */
  readonly range: string;
  readonly accepted: readonly number[];
  readonly refused: readonly number[];
}

const numericOptions: readonly NumericOption[] = [
  {
    path: 'expirationRefreshRatio',
    range: 'a number above 0 to 1,',
    accepted: [Number.MIN_VALUE, 0.0001, 0.5, 1],
    refused: [0, -Number.MIN_VALUE, -0.5, 1 + Number.EPSILON, 5, 70],
  },
  {
    path: 'lowerRefreshBoundMs',
    range: 'a number from 50 to 2592000000 ms,',
    accepted: [0, 50, 10_000, 2_592_000_000],
    refused: [1, 10, 49.999, 2_592_000_000.5, -1, -50],
  },
  {
    path: 'refreshJitterRatio',
    range: 'a number from 0 to 0.5,',
    accepted: [0, 0.05, 0.5],
    refused: [-Number.MIN_VALUE, 0.5 + Number.EPSILON, 1, 5],
  },
  {
    path: 'requestTimeoutMs',
    range: 'a number from 100 to 600000 ms,',
    accepted: [100, 30_000, 600_000],
    refused: [0, 1, 30, 99.999, 600_000.5, -1],
  },
  {
    path: 'minRequestIntervalMs',
    range: 'a number from 50 to 3600000 ms,',
    accepted: [50, 1000, 3_600_000],
    refused: [0, 1, 10, 49.999, 3_600_000.5, -1],
  },
  {
    path: 'retry.maxAttempts',
    range: 'an integer from 1 to 100,',
    accepted: [1, 3, 100],
    refused: [0, 0.5, 2.5, 101, -1],
  },
  {
    path: 'retry.initialDelayMs',
    range: 'a number from 50 to 3600000 ms,',
    accepted: [50, 1000, 3_600_000],
    refused: [0, 1, 49.999, 3_600_000.5, -1],
  },
  {
    path: 'retry.maxDelayMs',
    range: 'a number from 50 to 3600000 ms,',
    accepted: [50, 10_000, 3_600_000],
    refused: [0, 1, 10, 49.999, 3_600_000.5, -1],
  },
  {
    path: 'retry.backoffMultiplier',
    range: 'a number from 1 to 100,',
    accepted: [1, 1.5, 100],
    refused: [0, 0.999, 100.001, -2],
  },
];

const NOT_NUMBERS: readonly unknown[] = [
  Number.NaN,
  Infinity,
  -Infinity,
  null,
  '',
  '1000',
  true,
  false,
  1n,
  {},
  [],
  [1000],
  () => 1000,
  new Date(1000),
  Symbol('1000'),
];

const at = (path: string, value: unknown): object => {
  const [outer, inner] = path.split('.') as [string, string?];
  return { [outer]: inner === undefined ? value : { [inner]: value } };
};

describe('resolveTokenManagerOptions', () => {
  it('[O4] fills in every default: 0.7, 0, 0.05, 30,000 ms, 1000 ms', () => {
    expect(resolve({})).toMatchObject({
      expirationRefreshRatio: 0.7,
      lowerRefreshBoundMs: 0,
      refreshJitterRatio: 0.05,
      requestTimeoutMs: 30_000,
      minRequestIntervalMs: 1000,
      allowIdentityChange: false,
      retry: { maxAttempts: 3, initialDelayMs: 1000, maxDelayMs: 10_000, backoffMultiplier: 2 },
      clock: systemClock,
      random: Math.random,
    });
  });

  it('[O4] takes an option that is undefined for one that is absent', () => {
    const all = Object.fromEntries(TOKEN_MANAGER_OPTION_NAMES.map((name) => [name, undefined]));
    expect(resolve({ ...all, responseParser: undefined })).toMatchObject({ expirationRefreshRatio: 0.7 });
    const retry = { maxAttempts: undefined, initialDelayMs: undefined, isRetryable: undefined };
    expect(resolve({ retry })).toMatchObject({ retry: { maxAttempts: 3, initialDelayMs: 1000 } });
  });

  it('[O3] keeps every value that is given, and knows 10 names', () => {
    const parser = createResponseParser();
    const clock = new FakeClock();
    const options = {
      expirationRefreshRatio: 0.5,
      lowerRefreshBoundMs: 60_000,
      refreshJitterRatio: 0.1,
      requestTimeoutMs: 5000,
      minRequestIntervalMs: 2000,
      retry: {
        maxAttempts: 5,
        initialDelayMs: 100,
        maxDelayMs: 500,
        backoffMultiplier: 10,
        isRetryable: () => false,
      },
      allowIdentityChange: true,
      responseParser: parser,
      clock,
      random: () => 0.5,
    };
    expect(Object.keys(options).sort()).toEqual([...TOKEN_MANAGER_OPTION_NAMES].sort());
    const resolved = resolve(options);
    expect(resolved).toEqual(options);
    expect(resolved['clock']).toBe(clock);
  });

  it('[O5] keeps a parser that is given, and makes one where none is', () => {
    const responseParser = { parse: () => undefined as never };
    expect(resolve({ responseParser })['responseParser']).toBe(responseParser);
    expect(resolve({})['responseParser']).toEqual({ parse: expect.any(Function) });
  });

  it.each(numericOptions)('accepts $path at its bounds: $accepted', ({ path, accepted }) => {
    const [outer, inner] = path.split('.') as [string, string?];
    for (const value of accepted) {
      const found = resolve(at(path, value))[outer];
      expect(inner === undefined ? found : (found as Record<string, unknown>)[inner]).toBe(value);
    }
  });

  it.each(numericOptions)(
    'refuses $path beyond them: $refused, naming option, range and value',
    ({ path, range, refused }) => {
      for (const value of refused) {
        const { message } = refusal(() => resolve(at(path, value)));
        expect(message.startsWith(path)).toBe(true);
        expect(message).toContain(`must be ${range}`);
        expect(message.endsWith(`got ${value}`)).toBe(true);
      }
    },
  );

  it.each(numericOptions)(
    '[O2] refuses a $path that is no number, naming option and range',
    ({ path, range }) => {
      for (const value of NOT_NUMBERS) {
        const { message } = refusal(() => resolve(at(path, value)));
        expect(message.startsWith(path)).toBe(true);
        expect(message).toContain(`must be ${range}`);
      }
    },
  );

  it('prints what was given instead of a number', () => {
    const got = (value: unknown): string =>
      refusal(() => resolve({ requestTimeoutMs: value })).message.replace(/.*, got /, '');
    expect(got(Number.NaN)).toBe('NaN');
    expect(got(Infinity)).toBe('Infinity');
    expect(got('30000')).toBe('"30000"');
    expect(got(null)).toBe('null');
    expect(got(true)).toBe('true');
    expect(got(1n)).toBe('1');
    expect(got({})).toBe('a value of type object');
    expect(got([1])).toBe('an array');
    expect(got(() => 1)).toBe('a value of type function');
    expect(got('x'.repeat(41))).toBe(`"${'x'.repeat(40)}"`);
  });

  it('refuses an unknown name, and lists the known ones', () => {
    for (const name of [
      'expirationRefreshRation',
      'lowerRefreshBounds',
      'RequestTimeout',
      'refreshRatio',
      '',
    ]) {
      const { message } = refusal(() => resolve({ [name]: 0.7 }));
      expect(message).toContain(`unknown option ${name} for TokenManager`);
      for (const known of TOKEN_MANAGER_OPTION_NAMES) expect(message).toContain(known);
    }
  });

  it('refuses an unknown name within retry, and lists the five known ones', () => {
    for (const name of ['retries', 'jitterPercentage', 'maxRetries', 'initialDelay']) {
      const { message } = refusal(() => resolve({ retry: { [name]: 1 } }));
      expect(message).toBe(
        `unknown option ${name} for retry; known: maxAttempts, initialDelayMs, maxDelayMs, backoffMultiplier, isRetryable`,
      );
    }
  });

  it('refuses options, and a retry, that are not an object', () => {
    for (const value of [null, [], 42, true, () => ({})]) {
      expect(refusal(() => resolve(value)).message).toContain('TokenManager takes an object of options');
      expect(refusal(() => resolve({ retry: value })).message).toContain('retry takes an object of options');
    }
  });

  it('refuses anything but true and false for allowIdentityChange', () => {
    for (const value of [null, 0, 1, 'true', {}]) {
      const { message } = refusal(() => resolve({ allowIdentityChange: value }));
      expect(message).toContain('allowIdentityChange must be true or false');
    }
  });

  it('refuses a parser without parse, a clock that lacks one of its three methods, and other functions that are none', () => {
    const { now, monotonic, schedule } = systemClock;
    for (const [options, name] of [
      [{ responseParser: null }, 'responseParser.parse'],
      [{ responseParser: {} }, 'responseParser.parse'],
      [{ responseParser: () => undefined }, 'responseParser.parse'],
      [{ clock: null }, 'clock.now'],
      [{ clock: { monotonic, schedule } }, 'clock.now'],
      [{ clock: { now, schedule } }, 'clock.monotonic'],
      [{ clock: { now, monotonic } }, 'clock.schedule'],
      [{ random: null }, 'random'],
      [{ random: 0.5 }, 'random'],
      [{ retry: { isRetryable: null } }, 'retry.isRetryable'],
      [{ retry: { isRetryable: true } }, 'retry.isRetryable'],
    ] as const) {
      expect(refusal(() => resolve(options)).message).toContain(`${name} must be a function`);
    }
  });
});

describe('new TokenManager', () => {
  const source = new ScriptedIdentityProvider(() => rawToken('never asked for'));

  it('[O1] refuses a missing identity provider and one without requestToken', () => {
    for (const provider of [null, undefined, {}, 42, 'x', () => undefined, { requestToken: 'x' }]) {
      const { message } = refusal(() => new TokenManager(provider as never));
      expect(message).toContain('identityProvider.requestToken must be a function');
    }
  });

  it('[O2] refuses a ratio of 5 and asks for nothing', () => {
    const { message } = refusal(() => new TokenManager(source, { expirationRefreshRatio: 5 }));
    expect(message).toBe('expirationRefreshRatio must be a number above 0 to 1, got 5');
    expect(source.requests).toHaveLength(0);
  });

  it('[O1] names the provider first when both are unusable', () => {
    const { message } = refusal(() => new TokenManager(null as never, { expirationRefreshRatio: 5 }));
    expect(message).toContain('identityProvider');
  });

  it('refuses null for the options', () => {
    expect(refusal(() => new TokenManager(source, null as never)).message).toContain('got null');
  });
});

describe('checkNumber', () => {
  it('gives the number back, and holds both bounds', () => {
    expect(checkNumber('n', 1, { min: 1, max: 2 })).toBe(1);
    expect(checkNumber('n', 2, { min: 1, max: 2 })).toBe(2);
    expect(refusal(() => checkNumber('n', 0.9, { min: 1, max: 2 })).message).toBe(
      'n must be a number from 1 to 2, got 0.9',
    );
    expect(refusal(() => checkNumber('n', 2.1, { min: 1, max: 2, unit: 's' })).message).toBe(
      'n must be a number from 1 to 2 s, got 2.1',
    );
  });

  it('leaves an exclusive lower bound out', () => {
    const range = { min: 1, max: 2, exclusiveMin: true };
    expect(checkNumber('n', 1 + Number.EPSILON, range)).toBeGreaterThan(1);
    expect(refusal(() => checkNumber('n', 1, range)).message).toBe('n must be a number above 1 to 2, got 1');
  });
});

describe('checkString', () => {
  it('gives a string back as it is, blanks around it included', () => {
    expect(checkString('s', ' x ')).toBe(' x ');
  });

  it('refuses an empty and a blank string and every other type, and prints no value', () => {
    for (const [value, got] of [
      ['', 'a blank string'],
      [' \t\n', 'a blank string'],
      [undefined, 'undefined'],
      [null, 'null'],
      [31337, 'a value of type number'],
      [['31337'], 'an array'],
      [{ secret: '31337' }, 'a value of type object'],
    ]) {
      const { message } = refusal(() => checkString('clientSecret', value));
      expect(message).toBe(`clientSecret must be a non-empty string, got ${got as string}`);
    }
  });
});

describe('checkOneOf', () => {
  it('gives an allowed word back and lists the words otherwise', () => {
    expect(checkOneOf('kind', 'b', ['a', 'b'])).toBe('b');
    for (const value of ['c', 'A', '', undefined, null, 0, ['a']]) {
      expect(refusal(() => checkOneOf('kind', value, ['a', 'b'])).message).toContain(
        'kind must be one of a, b; got ',
      );
    }
    expect(refusal(() => checkOneOf('kind', 'c', ['a'])).message).toContain('got "c"');
  });
});

describe('checkBoolean and checkFunction', () => {
  it('give back what fits', () => {
    const run = (): void => {};
    expect(checkFunction('f', run)).toBe(run);
    expect(checkBoolean('b', false)).toBe(false);
    expect(checkBoolean('b', true)).toBe(true);
  });

  it('refuse what does not', () => {
    expect(refusal(() => checkBoolean('b', undefined)).message).toBe(
      'b must be true or false, got undefined',
    );
    expect(refusal(() => checkFunction('f', undefined)).message).toBe('f must be a function, got undefined');
    expect(refusal(() => checkFunction('f', {})).message).toBe(
      'f must be a function, got a value of type object',
    );
  });
});

describe('checkKnownOptions', () => {
  it('accepts none, some and all of the known names', () => {
    for (const options of [{}, { a: 1 }, { a: undefined, b: null }]) {
      expect(() => checkKnownOptions('thing()', options, ['a', 'b'])).not.toThrow();
    }
  });

  it('refuses an unknown name even when its value is undefined', () => {
    expect(refusal(() => checkKnownOptions('thing()', { c: undefined }, ['a', 'b'])).message).toBe(
      'unknown option c for thing(); known: a, b',
    );
  });

  it('refuses a string, which has names 0, 1, 2, as any other value that is no object', () => {
    refusal(() => checkKnownOptions('thing()', 'abc', ['0', '1', '2']));
    refusal(() => checkKnownOptions('thing()', undefined, []));
  });
});
