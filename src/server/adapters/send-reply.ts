import type { ServerResponse } from 'node:http';
import type { Reply } from '../protect.ts';

/** Sends a replay or a refusal. Its headers are merged over those that are set. */
export async function sendReply(res: ServerResponse, { response }: Reply): Promise<void> {
  const body = response.body === null ? undefined : Buffer.from(await response.arrayBuffer());
  res.statusCode = response.status;
  // HTTP/2 has no status text.
  if (response.statusText !== '' && res.req.httpVersionMajor < 2) res.statusMessage = response.statusText;
  for (const [name, value] of response.headers)
    if (name === 'set-cookie') res.appendHeader(name, value);
    else res.setHeader(name, value);
  res.end(body);
}
