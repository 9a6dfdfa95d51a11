/** Options of ky, got and axios that `fetch` does not have, and what to write instead. */
export const BROUGHT: ReadonlyMap<string, string> = new Map([
  ['json', 'write body: JSON.stringify(value), and the header content-type: application/json'],
  ['data', 'write body: JSON.stringify(data), and the header content-type: application/json'],
  ['params', "write them into the URL: url + '?' + new URLSearchParams(params)"],
  ['searchParams', "write them into the URL: url + '?' + new URLSearchParams(searchParams)"],
  ['retries', 'write { policy: { retry: { attempts } } }, which counts the first attempt too'],
]);
