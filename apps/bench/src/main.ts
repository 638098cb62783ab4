// Measures what the documentation claims, beside @redis/entraid in the same run, and prints the ratios. Numbers of one
// machine say little; ratios of one run say more.
import { measureCachedToken } from './cached-token.js';
import { measureLoading } from './loading.js';
import { incumbent, ours } from './sides.js';
import { measureSubscribers, SUBSCRIBERS } from './subscribers.js';

const rows: [what: string, ours: number, incumbent: number | undefined, unit: string][] = [];

const cached = await measureCachedToken();
rows.push(['getToken() with a token in hand', cached.getTokenNs, undefined, 'ns']);
rows.push(['heap per such call', cached.getTokenBytes, undefined, 'B']);
rows.push(['subscribe and unsubscribe', cached.oursNs, cached.incumbentNs, 'ns']);

const [us, them] = [ours(), incumbent()];
const [mine, theirs] = [await measureSubscribers(us), await measureSubscribers(them)];
us.close();
them.close();
rows.push([`heap per subscriber, ${SUBSCRIBERS}`, mine.bytesEach, theirs.bytesEach, 'B']);
rows.push([`one rotation to ${SUBSCRIBERS}`, mine.fanOutMs, theirs.fanOutMs, 'ms']);
rows.push(['import', measureLoading('@entraid/core'), measureLoading('@redis/entraid'), 'ms']);

print('', 'ours', '@redis/entraid 6.1.0', 'ratio');
for (const [what, our, their, unit] of rows) {
  print(
    what,
    `${our.toPrecision(3)} ${unit}`,
    their === undefined ? '-' : `${their.toPrecision(3)} ${unit}`,
    their === undefined ? '-' : (our / their).toFixed(2),
  );
}

function print(...[what, our, their, ratio]: [string, string, string, string]): void {
  process.stdout.write(`${what.padEnd(36)}${our.padStart(14)}${their.padStart(22)}${ratio.padStart(8)}\n`);
}
