import { callReport, createFetch } from 'steadfetch';

/**
 * One charge. Only the rule allows a second attempt, so that a rule that matches nothing shows.
 *
 * @param {string} origin
 */
export async function charge(origin) {
  const api = createFetch({
    retry: false,
    endpoints: { [`POST ${origin}/v1/charges/:id`]: { retry: { attempts: 2, base: 1, cap: 1 } } },
  });
  const response = await api(`${origin}/v1/charges/7`, { method: 'POST', body: '{"amount":1}' });
  const attempts = callReport(response)?.attempts.length;
  return { status: response.status, text: await response.text(), attempts };
}
