import { EmulatorError } from './emulator-error.js';

/** Throws `INVALID_OPTION` unless every key of `options` is one of `known`. */
export function checkKnownOptions(owner: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new EmulatorError('INVALID_OPTION', `${owner} options must be an object, got ${kindOf(options)}`);
  }
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    throw new EmulatorError(
      'INVALID_OPTION',
      `${owner} has no option '${unknown}'; it takes ${known.join(', ')}`,
    );
  }
}

/** Throws `INVALID_OPTION` unless `value` is an integer from `min` to `max`. */
export function checkInteger(name: string, value: unknown, min: number, max: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
    throw new EmulatorError(
      'INVALID_OPTION',
      `${name} must be an integer from ${min} to ${max}, got ${typeof value === 'number' ? value : kindOf(value)}`,
    );
  }
  return value;
}

/** Throws `INVALID_OPTION` unless `value` is true or false. */
export function checkBoolean(name: string, value: unknown): boolean {
  if (typeof value !== 'boolean') {
    throw new EmulatorError('INVALID_OPTION', `${name} must be true or false, got ${kindOf(value)}`);
  }
  return value;
}

/** Throws `INVALID_OPTION` unless `value` is a non-empty string. The value is never quoted: it may be a secret. */
export function checkText(name: string, value: unknown): string {
  if (typeof value !== 'string' || value === '') {
    throw new EmulatorError('INVALID_OPTION', `${name} must be a non-empty string, got ${kindOf(value)}`);
  }
  return value;
}

/** Throws `INVALID_OPTION` unless `value` is an array; its items are the caller's to check. */
export function checkList(name: string, value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) {
    throw new EmulatorError('INVALID_OPTION', `${name} must be an array, got ${kindOf(value)}`);
  }
  return value;
}

/** Throws `INVALID_OPTION` unless `value` is a GUID, the shape of every id in Entra. Returns it in lower case. */
export function checkGuid(name: string, value: unknown): string {
  const text = checkText(name, value);
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) {
    throw new EmulatorError(
      'INVALID_OPTION',
      `${name} must be a GUID such as 00000000-0000-4000-8000-000000000000, got '${text}'`,
    );
  }
  return text.toLowerCase();
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (value === '') return 'an empty string';
  return Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`;
}
