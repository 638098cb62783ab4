import { EntraIdError } from './errors.js';

/** The values a numeric option may take. `unit` is printed beside the value, e.g. `ms`. */
export interface NumberRange {
  readonly min: number;
  readonly max: number;
  /** `true` when `min` itself is not allowed. */
  readonly exclusiveMin?: boolean;
  readonly integer?: boolean;
  readonly unit?: string;
}

/**
 * Refuses option names that `owner` does not know: a misspelt option would otherwise be ignored in silence.
 * Throws `INVALID_OPTION`.
 */
export function checkKnownOptions(owner: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw invalidOption(`${owner} takes an object of options, got ${describe(options)}`);
  }
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    throw invalidOption(`unknown option ${name} for ${owner}; known: ${known.join(', ')}`);
  }
}

/** A finite number within `range`. Throws `INVALID_OPTION` with the option's name, range and value. */
export function checkNumber(name: string, value: unknown, range: NumberRange): number {
  const { min, max, exclusiveMin = false, integer = false, unit } = range;
  const fits =
    typeof value === 'number' &&
    (exclusiveMin ? value > min : value >= min) &&
    value <= max &&
    (!integer || Number.isInteger(value));
  if (fits) return value;
  const kind = integer ? 'an integer' : 'a number';
  const bounds = `${exclusiveMin ? 'above' : 'from'} ${min} to ${max}${unit === undefined ? '' : ` ${unit}`}`;
  throw invalidOption(`${name} must be ${kind} ${bounds}, got ${describe(value)}`);
}

/** A string that is not blank. Throws `INVALID_OPTION`; the value is never printed, it may be a secret. */
export function checkString(name: string, value: unknown): string {
  if (typeof value === 'string' && value.trim().length > 0) return value;
  throw invalidOption(
    `${name} must be a non-empty string, got ${typeof value === 'string' ? 'a blank string' : describeType(value)}`,
  );
}

/** A function. Throws `INVALID_OPTION`. */
export function checkFunction<T>(name: string, value: T): T {
  if (typeof value === 'function') return value;
  throw invalidOption(`${name} must be a function, got ${describeType(value)}`);
}

/** `true` or `false`. Throws `INVALID_OPTION`. */
export function checkBoolean(name: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw invalidOption(`${name} must be true or false, got ${describe(value)}`);
}

/** One of a few words. Throws `INVALID_OPTION` with the list. */
export function checkOneOf<const T extends string>(name: string, value: unknown, allowed: readonly T[]): T {
  if (allowed.includes(value as T)) return value as T;
  throw invalidOption(`${name} must be one of ${allowed.join(', ')}; got ${describe(value)}`);
}

function invalidOption(message: string): EntraIdError {
  return new EntraIdError('INVALID_OPTION', message);
}

function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 40));
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint')
    return String(value);
  return describeType(value);
}

function describeType(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`;
}
