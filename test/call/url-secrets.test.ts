import { describe, expect, test } from 'vitest';
import { callReport, createFetch, eventNames } from '../../src/index.ts';
import { secretUrls } from '../support/secret-urls.ts';

const quick = { retry: { attempts: 2, base: 1, cap: 1 } } as const;
const unavailable = async () => new Response('no', { status: 503 });

describe('nothing that a client tells of a call holds the secret in its URL', () => {
  test.each(secretUrls)('%s', async (_service, url, secrets) => {
    const told: string[] = [];
    // `fetch` itself refuses credentials in a URL.
    const sent = url.replace(/user:.*@/, '');
    const api = createFetch({ ...quick, fetch: unavailable });
    for (const name of eventNames) api.on(name, (event) => told.push(text(event)));
    const response = await api(sent);
    await response.text();
    told.push(
      text(callReport(response)),
      text(api.scopes()),
      text(api.breakers.all()),
      text(api.breakers.export()),
    );
    expect(told.length).toBeGreaterThan(8);
    for (const secret of secrets.filter((each) => sent.includes(each)))
      expect(told.join('\n')).not.toContain(secret);
  });

  test('of URLs without a secret it tells the path', async () => {
    const api = createFetch({ ...quick, fetch: unavailable });
    const response = await api('https://api.example/v1/charges?key=1');
    expect(text(callReport(response))).toContain('https://api.example/v1/charges"');
  });
});

function text(value: unknown): string {
  return JSON.stringify(value) ?? '';
}
