import { STATUS_CODES } from 'node:http';
import { gzipSync } from 'node:zlib';
import type { Answer, AnswerCut, End, Fault } from './faults.ts';

/** A complete answer, before its fault is applied. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Buffer;
}

/** One action on the socket. */
export type Action =
  | { readonly do: 'write'; readonly bytes: Buffer }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'end'; readonly how: End };

/** A reply whose body is this value as JSON. */
export function jsonReply(status: number, value: unknown): Reply {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(value)),
  };
}

/** The reply of a fault's own answer. */
export function replyOf({ status, headers = {}, body, bytes }: Answer): Reply {
  if (bytes !== undefined) return { status, headers, body: Buffer.alloc(bytes, 'x') };
  if (body !== undefined) return { status, headers, body: Buffer.from(body) };
  const json = jsonReply(status, { ok: status < 400, status });
  return { ...json, headers: { ...json.headers, ...headers } };
}

/** The actions on the socket that send `reply` with this fault. `bodiless`: the answer to a HEAD. */
export function actionsFor(fault: Fault, reply: Reply, bodiless: boolean): Action[] {
  const silent = bodiless || reply.status === 204 || reply.status === 304;
  const body = silent ? Buffer.alloc(0) : reply.body;

  switch (fault.kind) {
    case 'cut':
      return [...beforeCut(fault, reply, body), { do: 'end', how: fault.how }];
    case 'interim':
      return [...fault.statuses.map((status) => write(interim(status))), write(head(reply), body)];
    case 'drip':
      return fault.of === 'answer'
        ? inPieces(Buffer.concat([head(reply), body]), fault.pieces, fault.gap)
        : [write(head(reply)), ...inPieces(body, fault.pieces, fault.gap)];
    case 'garbage':
      return garbage(fault.where, reply, body);
    case 'short-gzip': {
      const gzip = gzipSync(reply.body);
      const headers = { ...reply.headers, 'content-encoding': 'gzip' };
      const short = { ...reply, headers, body: gzip.subarray(0, gzip.length / 2) };
      return [write(head(short), silent ? body : short.body)];
    }
    case 'close-idle':
      return [write(head(reply), body), { do: 'end', how: 'close' }];
    default:
      return [write(head(reply), body)];
  }
}

function beforeCut(cut: Extract<Fault, { kind: 'cut' }>, reply: Reply, body: Buffer): Action[] {
  switch (cut.at) {
    case 'status-line': {
      const line = statusLine(reply.status);
      return [write(line.subarray(0, line.length / 2))];
    }
    case 'headers':
      return [write(head(reply, cut.framing))];
    case 'body': {
      const half = body.subarray(0, body.length / 2);
      return [write(head(reply, cut.framing), cut.framing === 'chunked' ? chunk(half) : half)];
    }
    default:
      return [];
  }
}

function garbage(where: Extract<Fault, { kind: 'garbage' }>['where'], reply: Reply, body: Buffer): Action[] {
  const noise = Buffer.from('~~ this is not HTTP ~~\r\n\r\n');
  switch (where) {
    case 'status-line':
      return [write(noise), { do: 'end', how: 'close' }];
    case 'chunk-length':
      return [
        write(head(reply, 'chunked'), body.length === 0 ? body : Buffer.concat([chunk(body), noise])),
        { do: 'end', how: 'close' },
      ];
    case 'after-answer':
      return [write(head(reply), body, noise)];
  }
}

function write(...parts: readonly Buffer[]): Action {
  return { do: 'write', bytes: Buffer.concat(parts) };
}

function inPieces(bytes: Buffer, pieces: number, gap: number): Action[] {
  const size = Math.max(1, Math.ceil(bytes.length / pieces));
  const actions: Action[] = [];
  for (let from = 0; from < bytes.length; from += size) {
    if (from > 0) actions.push({ do: 'wait', ms: gap });
    actions.push(write(bytes.subarray(from, from + size)));
  }
  return actions;
}

function chunk(bytes: Buffer): Buffer {
  // An empty chunk would be the last one, and end the body properly.
  if (bytes.length === 0) return bytes;
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
}

function interim(status: number): Buffer {
  const link = status === 103 ? 'link: </style.css>; rel=preload\r\n' : '';
  return Buffer.concat([statusLine(status), Buffer.from(`${link}\r\n`)]);
}

function statusLine(status: number): Buffer {
  return Buffer.from(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}\r\n`);
}

function head(reply: Reply, framing: AnswerCut['framing'] = 'length'): Buffer {
  const lines = Object.entries(reply.headers).flatMap(([name, value]) =>
    [value].flat().map((one) => `${name}: ${one}\r\n`),
  );
  const framed = Object.keys(reply.headers).some((name) =>
    /^(content-length|transfer-encoding)$/i.test(name),
  );
  if (!framed && framing === 'chunked') lines.push('transfer-encoding: chunked\r\n');
  // A 204 has no length (RFC 9110, 8.6).
  else if (!framed && reply.status !== 204) lines.push(`content-length: ${reply.body.length}\r\n`);
  return Buffer.concat([statusLine(reply.status), Buffer.from(`${lines.join('')}\r\n`)]);
}
