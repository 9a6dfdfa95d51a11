import type { RecordedRequest } from './ledger.ts';
import { jsonReply, type Reply } from './reply.ts';

/** Makes a web-standard handler do the work of a fault server. A handler that throws gives a 500, as in any framework. */
export function webWork(
  handler: (request: Request) => Promise<Response>,
): (request: RecordedRequest) => Promise<Reply> {
  return async (request) => {
    try {
      const response = await handler(webRequest(request));
      return {
        status: response.status,
        headers: Object.fromEntries(response.headers),
        body: Buffer.from(await response.arrayBuffer()),
      };
    } catch {
      return jsonReply(500, { ok: false, error: 'the handler threw' });
    }
  };
}

function webRequest({ method, path, headers, body }: RecordedRequest): Request {
  const bodiless = method === 'GET' || method === 'HEAD';
  return new Request(new URL(path, 'http://service.test'), {
    method,
    headers,
    ...(!bodiless && { body: new Uint8Array(body) }),
  });
}
