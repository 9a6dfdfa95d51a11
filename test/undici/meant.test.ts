import {
  Agent,
  type Dispatcher,
  getGlobalDispatcher,
  MockAgent,
  request,
  setGlobalDispatcher,
  FormData as UsersFormData,
  fetch as usersFetch,
} from 'undici';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import { createFetch } from '../../src/index.ts';
import { resilience } from '../../src/undici/index.ts';
import { startFaultServer } from '../support/fault-server.ts';
import type { Fault } from '../support/faults.ts';

// On its way a body may be replaced: to replay it, to keep it out of fetch's hands, to show it to a mock. What leaves in the
// end is what was meant, at every attempt.

const unavailable: Fault = { kind: 'answer', status: 503 };
const quick = { retry: { base: 1, cap: 1 } };

const usual = getGlobalDispatcher();
afterEach(() => setGlobalDispatcher(usual));

/** What is meant: text, or the fields of a form. */
type Meant = string | [string, string][];

interface Sample {
  readonly meant: Meant;
  /** Whether it may go again. */
  readonly again: boolean;
  make(): unknown;
}

const fields: [string, string][] = [
  ['order', '7'],
  ['note', 'ä'],
];
const filled = (form: FormData) => {
  for (const [name, value] of fields) form.set(name, value);
  return form;
};
const streamed = () => new Blob(['text']).stream();

const samples: Record<string, Sample> = {
  'a string': { meant: 'text ä', again: true, make: () => 'text ä' },
  bytes: { meant: 'text', again: true, make: () => new Uint8Array([116, 101, 120, 116]) },
  'a Blob': { meant: 'text', again: true, make: () => new Blob(['text']) },
  parameters: { meant: 'a=1', again: true, make: () => new URLSearchParams('a=1') },
  'a form': { meant: fields, again: true, make: () => filled(new UsersFormData() as unknown as FormData) },
  'a stream': { meant: 'text', again: false, make: streamed },
};

type Send = (url: string, body: unknown, dispatcher: Dispatcher) => Promise<unknown>;
const post = (body: unknown, dispatcher: Dispatcher) =>
  ({ method: 'POST', body, duplex: 'half', dispatcher }) as unknown as RequestInit;
const read = async (response: Response) => void (await response.text());

const senders: Record<string, Send> = {
  'the client': async (url, body, dispatcher) => read(await createFetch(quick)(url, post(body, dispatcher))),
  'the client, through fetch’s own code': async (url, body, dispatcher) =>
    // By such a header.
    read(await createFetch(quick)(url, { ...post(body, dispatcher), headers: { 'if-none-match': '"a"' } })),
  'undici’s fetch, behind the interceptor': async (url, body, dispatcher) =>
    read(
      (await usersFetch(
        url,
        post(body, dispatcher.compose(resilience(quick))) as never,
      )) as unknown as Response,
    ),
  'undici.request, behind the interceptor': async (url, body, dispatcher) => {
    // What only a fetch can send is not undici.request's to send.
    const plain = body instanceof URLSearchParams ? String(body) : body;
    const answer = await request(url, post(plain, dispatcher.compose(resilience(quick))) as never);
    await answer.body.dump();
  },
};

const dispatchers: Record<string, () => Dispatcher> = {
  'an Agent': () => new Agent(),
  'a MockAgent that lets it through': () => {
    const agent = new MockAgent();
    agent.enableNetConnect();
    agent.get('http://elsewhere.test').intercept({ path: '/', method: 'POST' }).reply(200, '');
    return agent;
  },
};

async function bodyOf(headers: NodeJS.Dict<string | string[]>, body: Buffer, meant: Meant): Promise<Meant> {
  if (typeof meant === 'string') return body.toString();
  const type = { 'content-type': String(headers['content-type']) };
  const form = await new Response(new Uint8Array(body), { headers: type }).formData();
  return [...form].map(([name, value]) => [name, String(value)]);
}

describe.each(Object.entries(dispatchers))('to %s,', (_to, makeDispatcher) => {
  describe.each(Object.entries(senders))('through %s,', (_through, send) => {
    test.each(Object.entries(samples))('%s leaves as it was meant, every time', async (_what, sample) => {
      await using server = await startFaultServer({ faults: [unavailable, unavailable] });
      const dispatcher = makeDispatcher();
      onTestFinished(() => dispatcher.close());
      await send(server.url, sample.make(), dispatcher);
      const came = await Promise.all(
        server.requests.map(({ headers, body }) => bodyOf(headers, body, sample.meant)),
      );
      expect(came).toEqual(Array(sample.again ? 3 : 1).fill(sample.meant));
    });
  });
});

test('a mock sees the body, not what is sent in its stead', async () => {
  const agent = new MockAgent();
  agent.disableNetConnect();
  onTestFinished(() => agent.close());
  for (const [name, send] of Object.entries(senders)) {
    const seen: unknown[] = [];
    const body = (given: string) => {
      seen.push(given);
      return true;
    };
    for (const status of [503, 200]) {
      agent.get('http://mock.test').intercept({ path: '/', method: 'POST', body }).reply(status, '');
    }
    await send('http://mock.test/', 'text', agent);
    expect({ name, seen: [...new Set(seen)] }).toEqual({ name, seen: ['text'] });
    agent.assertNoPendingInterceptors();
  }
});
