/** The visible facts of an error: plain JSON, with the chain of causes. */
export function errorFacts(error: unknown): unknown {
  if (!(error instanceof Error)) return { thrown: typeof error, value: String(error) };
  const { name, message, cause } = error;
  const code = Reflect.get(error, 'code');
  return {
    class: error.constructor.name,
    name,
    message,
    ...(typeof code === 'string' && { code }),
    ...(cause !== undefined && { cause: errorFacts(cause) }),
  };
}

/** The visible facts of a response, with its body as text. */
export async function responseFacts(response: Response): Promise<unknown> {
  const { status, statusText, ok, type, redirected, url } = response;
  const before = { bodyUsed: response.bodyUsed, hasBody: response.body !== null };
  const headers = [...response.headers];
  const text = await response.text();
  return {
    ...{ status, statusText, ok, type, redirected, url, headers },
    ...{ before, text, bodyUsed: response.bodyUsed, locked: response.body?.locked },
  };
}

/** How a call ended. */
export async function outcome(call: Promise<Response>): Promise<unknown> {
  try {
    return { response: await responseFacts(await call) };
  } catch (error) {
    return { error: errorFacts(error) };
  }
}

/** How a promise ended, or `'pending'` if it has not settled after `turns` turns of the event loop. */
export async function settledWithin(promise: Promise<unknown>, turns = 1): Promise<unknown> {
  let state: unknown = 'pending';
  promise.then(
    () => {
      state = 'fulfilled';
    },
    (error) => {
      state = { rejected: error };
    },
  );
  for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
  return state;
}
