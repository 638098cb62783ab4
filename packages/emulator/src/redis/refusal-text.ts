import { EmulatorError } from '../emulator-error.js';
import { checkText } from '../option-checks.js';

/** The refusal of open-source Redis (6.0 and later), which Azure Managed Redis has been seen to send too. */
export const WRONGPASS = 'WRONGPASS invalid username-password pair or user is disabled.';
/** The refusal seen from Azure Cache for Redis (`*.redis.cache.windows.net`; dapr/components-contrib#3554). */
export const ERR_WRONGPASS = 'ERR WRONGPASS invalid username-password pair';

/** `text` as the line of a RESP error. Throws `INVALID_OPTION` unless it is one line. */
export function refusalLineOf(text: string): string {
  if (!/^[\x20-\x7e]+$/.test(checkText('refuseNext text', text))) {
    throw new EmulatorError('INVALID_OPTION', 'refuseNext text must be one line of printable ASCII');
  }
  return `-${text}`;
}
