import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { redacted } from '../../src/http/redact.ts';
import { secretUrls } from '../support/secret-urls.ts';

const shown = (url: string, endpoint?: string) => redacted(new URL(url), endpoint);

describe('a URL in events and reports', () => {
  test.each(secretUrls)('holds no secret: %s', (_service, url, secrets) => {
    for (const secret of secrets) expect(shown(url)).not.toContain(secret);
  });

  test.each([
    'https://api.pay.example/v1/charges',
    'https://api.stripe.com/v1/payment_intents',
    'https://api.openai.com/v1/chat/completions',
    'https://api.anthropic.com/v1/messages',
    'https://api.github.com/repos/nodejs/undici/issues/4244',
    'https://registry.npmjs.org/urlpattern-polyfill',
    'https://api.example/2026/11/customers/42/invoiceItems',
    'https://api.example/reports/2026-11-28/orders/100200300400',
    'https://api.twilio.com/2010-04-01/Accounts',
    'https://api.example/internationalization/subscriptions/notifications.json',
    'https://slack.com/api/chat.postMessage',
    'https://api.example/',
  ])('stays readable: %s', (url) => {
    expect(shown(url)).toBe(url);
  });

  test.each([
    '4242424242424242',
    '378282246310005',
    '4242-4242-4242-4242',
    '4242%204242%204242%204242',
    'card-4242424242424242',
  ])('holds no number that may be that of a card: %s', (number) => {
    expect(shown(`https://api.pay.example/v1/cards/${number}/holder`)).toBe(
      'https://api.pay.example/v1/cards/***/holder',
    );
  });

  test('where a rule matched, the path of its pattern is shown', () => {
    expect(
      shown('https://hooks.slack.com/services/T1/B2/plain', 'POST https://hooks.slack.com/services/*'),
    ).toBe('https://hooks.slack.com/services/*');
    expect(shown('https://eu.catalog.example/items/7', 'GET https://*.catalog.example/items/:id')).toBe(
      'https://eu.catalog.example/items/:id',
    );
  });

  test.each(['https://api.example/*', 'https://api.example', 'POST https://api.example/'])(
    'a rule for a whole origin (%s) says nothing of the path, so secrets are masked in it',
    (endpoint) => {
      expect(shown('https://api.example/hooks/Zx81kQ0pLm2Nv9sT', endpoint)).toBe(
        'https://api.example/hooks/***',
      );
    },
  );

  test('no random token of 20 characters and more gets through, whatever its alphabet', () => {
    const token = fc
      .stringMatching(/^[A-Za-z0-9_-]{20,64}$/)
      // As random tokens are: with digits among the letters.
      .filter(
        (text) =>
          (text.match(/\d/g) ?? []).length >= 3 &&
          /[A-Za-z]\d|\d[A-Za-z]/.test(text) &&
          text
            .split(/[-_]/)
            .some(
              (part) =>
                part.length >= 6 &&
                /\d/.test(part) &&
                !/^\d+$/.test(part) &&
                !/^[a-z]{3,}\d{1,4}$/i.test(part),
            ),
      );
    fc.assert(
      fc.property(token, (text) => {
        expect(shown(`https://api.example/hooks/${text}/send`)).toBe('https://api.example/hooks/***/send');
      }),
    );
  });
});
