import { expect, test } from 'vitest';
import { fromAddress, toAddress } from '../../docs/.vitepress/theme/lab/address.ts';
import { fieldsOf, partsOf } from '../../docs/.vitepress/theme/lab/fields.ts';
import { optionOf, withPart, withValue } from '../../docs/.vitepress/theme/lab/policy.ts';
import { createFetch } from '../../src/index.ts';
import { defaults } from '../../src/policy/defaults.ts';
import { policySchema } from '../../src/policy/json-schema.ts';

const fields = fieldsOf(policySchema());
const nameOf = ({ part, name }: { part: string | undefined; name: string }) =>
  part === undefined ? name : `${part}.${name}`;

test('the lab has a slider for every number in a policy, at its default', () => {
  const numbers = Object.entries(defaults).flatMap(([name, value]) =>
    typeof value === 'object'
      ? Object.entries(value).map(([member, value]) => [`${name}.${member}`, value] as const)
      : [[name, value] as const],
  );
  const expected = numbers.filter(([, value]) => typeof value === 'number' && Number.isFinite(value));
  expect(fields.map((field) => [nameOf(field), field.default])).toEqual(expected);
  expect(partsOf(policySchema())).toEqual(['timeout', 'retry', 'breaker', 'budget']);
});

/** Where no other option stands in the way. */
const ROOM = { timeout: { total: 1_000_000 }, retry: { base: 0 }, breaker: { cooldown: 1 } };

test.each(fields)('both ends of the slider of $part $name are allowed', (field) => {
  for (const value of [field.min, field.max]) {
    const policy = withValue(ROOM, field, value);
    expect(() => createFetch(policy)).not.toThrow();
  }
});

test('a policy holds what differs from the defaults, and nothing else', () => {
  const attempts = fields.find(({ name }) => name === 'attempts');
  if (attempts === undefined) throw new Error('there is no such slider');
  const changed = withValue({}, attempts, 3);
  expect(changed).toEqual({ retry: { attempts: 3 } });
  expect(optionOf(changed, attempts)).toBe(3);
  expect(withValue(changed, attempts, attempts.default)).toEqual({});
  expect(withPart(changed, 'retry', false)).toEqual({ retry: false });
});

test('an address says what differs from the defaults, and gives it back', () => {
  expect(toAddress(fromAddress(''))).toBe('');
  const address = '?load=20&outage=silence&policy=%7B%22retry%22%3A%7B%22attempts%22%3A3%7D%7D';
  const question = fromAddress(address);
  expect(question.settings).toMatchObject({ load: 20, outage: 'silence', latency: 1_000 });
  expect(question.policy).toEqual({ retry: { attempts: 3 } });
  expect(toAddress(question)).toBe(address);
  expect(toAddress(fromAddress('?load=-7&outage=toString&policy=nonsense'))).toBe('');
});
