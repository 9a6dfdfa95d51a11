import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { redacted } from '../../src/http/redact.ts';

const shown = (url: string, endpoint?: string) => redacted(new URL(url), endpoint);

describe('a URL in events and reports', () => {
  // The shapes are those that the services document; the secrets are made up.
  test.each([
    [
      'Slack webhook',
      'https://hooks.slack.com/services/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',
      ['XyZ3mk2kQvNb8sPqJ1dRtUwa'],
    ],
    [
      'Discord webhook',
      'https://discord.com/api/webhooks/1050374591347134514/aB3dEfGh1JkLmN0pQrStUvWxYz-_aB3dEfGh1JkLmN0pQrStUvWxYz12345678',
      ['aB3dEfGh1JkLmN0pQrStUvWxYz'],
    ],
    [
      'Telegram bot',
      'https://api.telegram.org/bot110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw/sendMessage',
      ['AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw'],
    ],
    [
      'Teams webhook',
      'https://contoso.webhook.office.com/webhookb2/0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d@11112222-3333-4444-5555-666677778888/IncomingWebhook/0123456789abcdef0123456789abcdef/aaaabbbb-cccc-4ddd-8eee-ffff00001111',
      ['0123456789abcdef0123456789abcdef', '0a1b2c3d', 'ffff00001111'],
    ],
    ['Zapier hook', 'https://hooks.zapier.com/hooks/catch/1234567/b4dfx9q/', ['b4dfx9q']],
    [
      'IFTTT',
      'https://maker.ifttt.com/trigger/door_opened/with/key/dK9xQ2mNp7RsTuVwXyZa',
      ['dK9xQ2mNp7RsTuVwXyZa'],
    ],
    [
      'JSON Web Token in a path',
      'https://api.example/unsubscribe/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl',
      ['eyJhbGciOiJIUzI1NiJ9'],
    ],
    ['e-mail address', 'https://api.example/users/ada@example.org/orders', ['ada']],
    ['e-mail address, encoded', 'https://api.example/users/ada%40example.org', ['ada']],
    ['UUID', 'https://api.example/reset/550e8400-e29b-41d4-a716-446655440000', ['550e8400', 'e29b']],
    [
      'Stripe object',
      'https://api.stripe.com/v1/charges/ch_3MmlLrLkdIwHu7ix0snN0B15/capture',
      ['3MmlLrLkdIwHu7ix0snN0B15'],
    ],
    [
      'Twilio account',
      'https://api.twilio.com/2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef/Messages.json',
      ['AC0123456789abcdef0123456789abcdef'],
    ],
    [
      'GitHub token in a clone URL',
      'https://github.example/ghp_16C7e42F292c6912E7710c838347Ae178B4a/repo.git',
      ['16C7e42F292c6912E7710c838347Ae178B4a'],
    ],
    ['a token of letters alone', 'https://api.example/hooks/QvXkZrTqWnBzMlKpHjGf', ['QvXkZrTqWnBzMlKpHjGf']],
    [
      'credentials, query and fragment',
      'https://user:hunter2@api.example/v1?key=s3cr3t#frag',
      ['hunter2', 's3cr3t', 'frag'],
    ],
  ])('holds no secret: %s', (_service, url, secrets) => {
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
    'https://api.twilio.com/2010-04-01/Accounts',
    'https://api.example/internationalization/subscriptions/notifications.json',
    'https://slack.com/api/chat.postMessage',
    'https://api.example/',
  ])('stays readable: %s', (url) => {
    expect(shown(url)).toBe(url);
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
