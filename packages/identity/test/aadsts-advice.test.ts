import { describe, expect, it } from '@jest/globals';
import { adviceFor, isTransientAadsts } from '../src/aadsts-advice.js';

describe('adviceFor', () => {
  it.each([
    ['7000215', /secret's value, not its id/],
    ['7000222', /expired: create a new one/],
    ['700016', /clientId is the application \(client\) id/],
    ['90002', /tenantId .* and cloud/],
    ['500011', /az ad sp create --id acca5fbb-b7e4-4009-81f1-37e38fd66d78/],
    ['1002012', /followed by \/\.default; for Redis https:\/\/redis\.azure\.com\/\.default/],
    ['900382', /set cloud/],
    ['700024', /clock/],
    ['65001', /consent/],
    ['invalid_client', /credential/],
    ['invalid_instance', /knownAuthorities/],
  ])('says what to do about %s', (code, advice) => {
    expect(adviceFor([code])).toMatch(advice);
  });

  it('takes the first code that has advice', () => {
    expect(adviceFor([undefined, '1', '7000222', 'invalid_client'])).toMatch(/expired/);
    expect(adviceFor(['1', 'invalid_client'])).toMatch(/Check the credential/);
  });

  it('says nothing about what it does not know', () => {
    expect(adviceFor([])).toBeUndefined();
    expect(adviceFor([undefined, '1', 'constructor'])).toBeUndefined();
  });
});

describe('isTransientAadsts', () => {
  it('tells faults of the service from faults of the request', () => {
    for (const number of ['90006', '90012', '90024', '90033', '90055'])
      expect(isTransientAadsts(number)).toBe(true);
    for (const number of ['7000215', '90002', undefined]) expect(isTransientAadsts(number)).toBe(false);
  });
});
