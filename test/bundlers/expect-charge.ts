import { expect } from 'vitest';
import { json, startService } from '../clients/service.ts';

/** What `app/charge.js` gives if all is well. */
export const CHARGED = { status: 200, text: '{"ok":1}', attempts: 2 };

/** Lets a program make the charge of `app/charge.js` at a service that answers 503 and then 200, and looks at both sides. */
export async function expectCharge(run: (origin: string) => Promise<unknown>): Promise<void> {
  await using service = await startService(json({ ok: 1 }), 'unavailable');
  expect(await run(service.url)).toEqual(CHARGED);
  const [first, second, ...more] = service.seen;
  expect(more).toEqual([]);
  expect(first).toMatchObject({ method: 'POST', path: '/v1/charges/7', body: '{"amount":1}' });
  expect(second).toMatchObject({ method: 'POST', path: '/v1/charges/7', body: '{"amount":1}' });
  expect(first?.headers['idempotency-key']).toMatch(/^\S{36}$/);
  expect(second?.headers['idempotency-key']).toBe(first?.headers['idempotency-key']);
}
