/**
 * How services say that they know the key from an earlier request, whose answer they don't give: this package's own server, Stripe,
 * PayPal and Adyen (docs/dialects.md names the sources).
 */
const WORDS =
  /"(?:key_reused|response_not_kept|idempotency_error|PAYPAL_REQUEST_ID_PREVIOUSLY_USED|DUPLICATE_REQUEST_ID)"|"errorCode"\s*:\s*"704"/;

/**
 * Whether a refusal is about the key, and not about the work: an earlier request with this key may have been carried out. The body of the
 * response stays unread.
 */
export async function isAboutKey(response: Response): Promise<boolean> {
  if (!/\bjson\b/.test(response.headers.get('content-type') ?? '')) return false;
  // A body that breaks off says nothing of that kind.
  const text = await response
    .clone()
    .text()
    .catch(() => '');
  return WORDS.test(text);
}
