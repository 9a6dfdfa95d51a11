/** Options of other libraries that `fetch` does not have, and such of ours that a call can't have; and what to write instead. */
export const BROUGHT: ReadonlyMap<string, string> = new Map([
  ['json', 'write body: JSON.stringify(value), and the header content-type: application/json'],
  ['data', 'write body: JSON.stringify(data), and the header content-type: application/json'],
  ['params', "write them into the URL: url + '?' + new URLSearchParams(params)"],
  ['searchParams', "write them into the URL: url + '?' + new URLSearchParams(searchParams)"],
  ['retries', 'write { policy: { retry: { attempts } } }, which counts the first attempt too'],
  ['attempts', 'write { policy: { retry: { attempts } } }'],
  ['header', 'write headers'],
  ['abortSignal', 'write signal'],
]);
