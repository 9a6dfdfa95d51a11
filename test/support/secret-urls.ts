/**
 * URLs of real APIs that hold secrets, with the parts that nobody may see. The shapes are those that the services document; the
 * secrets are made up.
 */
export const secretUrls: readonly (readonly [service: string, url: string, secrets: readonly string[]])[] = [
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
  [
    'S3, presigned (Signature Version 4)',
    'https://invoices.s3.eu-central-1.amazonaws.com/2026/invoice.pdf?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Content-Sha256=UNSIGNED-PAYLOAD&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20261128%2Feu-central-1%2Fs3%2Faws4_request&X-Amz-Date=20261128T000000Z&X-Amz-Expires=3600&X-Amz-Security-Token=IQoJb3JpZ2luX2VjEXAMPLE&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404&X-Amz-SignedHeaders=host',
    ['AKIAIOSFODNN7EXAMPLE', 'IQoJb3JpZ2luX2VjEXAMPLE', 'aeeed9bbccd4d02e'],
  ],
  [
    'S3, presigned (Signature Version 2)',
    'https://s3.amazonaws.com/invoices/a.pdf?AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Expires=1141889120&Signature=vjbyPxybdZaNmGa%2ByT272YEAiv4%3D',
    ['AKIAIOSFODNN7EXAMPLE', 'vjbyPxybdZaNmGa'],
  ],
  [
    'CloudFront, signed',
    'https://d111111abcdef8.cloudfront.net/films/a.m3u8?Policy=eyJTdGF0ZW1lbnQiOlt7&Signature=nitfHRCrtziwO2HwPfWw&Key-Pair-Id=K2JCJMDEHXQW5F',
    ['eyJTdGF0ZW1lbnQiOlt7', 'nitfHRCrtziwO2HwPfWw', 'K2JCJMDEHXQW5F'],
  ],
  [
    'Google Cloud Storage, signed',
    'https://storage.googleapis.com/bucket/cat.jpeg?X-Goog-Algorithm=GOOG4-RSA-SHA256&X-Goog-Credential=example%40project.iam.gserviceaccount.com%2F20261128%2Fauto%2Fstorage%2Fgoog4_request&X-Goog-Date=20261128T083259Z&X-Goog-Expires=900&X-Goog-SignedHeaders=host&X-Goog-Signature=247a2aa45f169edf4d187d54e7cc46e4731b1e6273242c4f4c39a1d2507a0e58',
    ['gserviceaccount', '247a2aa45f169edf'],
  ],
  [
    'Google API key',
    'https://maps.googleapis.com/maps/api/geocode/json?address=Bonn&key=AIzaSyDaGmWKa4JsXZ-HjGw7ISLn_3namBGewQe',
    ['AIzaSyDaGmWKa4JsXZ', 'Bonn'],
  ],
  [
    'Gemini, called with an API key',
    'https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent?key=AIzaSyDaGmWKa4JsXZ-HjGw7ISLn_3namBGewQe',
    ['AIzaSyDaGmWKa4JsXZ'],
  ],
  [
    'Google Chat webhook',
    'https://chat.googleapis.com/v1/spaces/AAAAxYz1234/messages?key=AIzaSyDdI0hCZtE6vySjMmWEfRq3CPzqKqqsHI&token=Zk3mQ9tXwR7vB2nLpY5sHd8cJf1gKa6e',
    ['AAAAxYz1234', 'AIzaSyDdI0hCZtE6vySj', 'Zk3mQ9tXwR7vB2nL'],
  ],
  [
    'Firebase Storage download token',
    'https://firebasestorage.googleapis.com/v0/b/app.appspot.com/o/users%2Fada.png?alt=media&token=4cd97b95-5e0f-4d46-b3b7-3d9f7d6a1c2e',
    ['4cd97b95', '3d9f7d6a1c2e'],
  ],
  [
    'Azure Storage, shared access signature',
    'https://account.blob.core.windows.net/invoices/a.pdf?sv=2024-11-04&ss=b&srt=o&sp=r&se=2026-11-29T00%3A00%3A00Z&st=2026-11-28T00%3A00%3A00Z&spr=https&sig=YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXoxMjM0NTY3ODk%3D',
    ['YWJjZGVmZ2hpamts'],
  ],
  [
    'Azure Functions key',
    'https://app.azurewebsites.net/api/orders?code=XfVh7RkPq2LmN8tZsW3yB6cDgJ9aEu4HoIiKvQxTnMbAzFuRwGzlQ==',
    ['XfVh7RkPq2LmN8tZ'],
  ],
  [
    'Azure Logic Apps trigger',
    'https://prod-12.westeurope.logic.azure.com/workflows/0f1e2d3c4b5a69788796a5b4c3d2e1f0/triggers/manual/paths/invoke?api-version=2016-10-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=q9Yt3mVb7nKx2pRs5wZd8fHj',
    ['0f1e2d3c4b5a6978', 'q9Yt3mVb7nKx2pRs'],
  ],
  [
    'OAuth redirect with a code, and a token in the fragment',
    'https://app.example/callback?code=SplxlOBeZQQYbYS6WxSbIA&state=xyzABC123#access_token=2YotnFZFEjr1zCsicMWpAA',
    ['SplxlOBeZQQYbYS6', 'xyzABC123', '2YotnFZFEjr1zCsi'],
  ],
  [
    'Meta Graph access token',
    'https://graph.facebook.com/v21.0/me/messages?access_token=EAAGm0PX4ZCpsBAJxT7q9',
    ['EAAGm0PX4ZCpsBAJ'],
  ],
  [
    'Mapbox access token',
    'https://api.mapbox.com/geocoding/v5/mapbox.places/Bonn.json?access_token=pk.eyJ1IjoiZXhhbXBsZSIsImEiOiJjazEyMyJ9.c2lnbmF0dXJl',
    ['eyJ1IjoiZXhhbXBsZSIs', 'c2lnbmF0dXJl'],
  ],
  [
    'OpenWeather key',
    'https://api.openweathermap.org/data/3.0/onecall?lat=50&lon=7&appid=b1b15e88fa797225412429c1c50c122a1',
    ['b1b15e88fa797225'],
  ],
  [
    'Akamai token in a path',
    'https://cdn.example/hdnea=exp=1764288000~acl=/films/*~hmac=9f86d081884c7d659a2feaa0c55ad015/a.m3u8',
    ['9f86d081884c7d65'],
  ],
  [
    'session in a path parameter',
    'https://legacy.example/shop/cart;jsessionid=6F8A1C0D2B4E9A7755C3D1E0F2A4B6C8',
    ['6F8A1C0D2B4E9A77'],
  ],
];
