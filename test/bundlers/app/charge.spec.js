import { charge } from './charge.js';

// `test` and `expect` are Jest's or Vitest's.

test('a charge', async () => {
  expect(await charge(process.env.ORIGIN)).toEqual({ status: 200, text: '{"ok":1}', attempts: 2 });
});
