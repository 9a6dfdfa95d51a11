import { parseArgs } from 'node:util';
import { wholeNumber } from '../tools/arguments.ts';
import type { Choice } from './job.ts';
import type { QueueOptions } from './service.ts';

/** The parsed command line. Times are in milliseconds. */
export type Command =
  | { readonly kind: 'help' }
  | (Choice & { readonly kind: 'storms'; readonly report: string | undefined; readonly check: boolean })
  | {
      readonly kind: 'ask';
      readonly policy: string;
      readonly service: QueueOptions;
      readonly load: number;
      readonly spike: { rate: number; duration: number } | undefined;
      readonly processes: number;
      readonly duration: number;
      readonly seeds: number;
      readonly chart: string | undefined;
    };

export const HELP = `steadfetch lab: what retries do to a service that is in trouble, on virtual time

  steadfetch lab                              every storm, with every client that is installed
    --storm A,D                               only these; E plays with the defaults, and only if asked
    --strategy steadfetch,loop                only these clients
    --seeds 2                                 fewer runs of each
    --check                                   only which thresholds hold: all of them, or the exit code is 1
    --report docs                             renews docs/storms.md and its charts

  steadfetch lab --policy ./policy.mjs        what will my policy do to my backend?
    --service capacity=100,latency=1000       calls per second that it can do; milliseconds without load
    --load 40                                 calls per second, all processes together
    --spike 80x5                              80 calls per second for five seconds
    --processes 100                           how many processes share the load (1)
    --seconds 90                              how long (90)
    --seeds 5                                 how often, with other chance (5)
    --chart storm.svg                         the worst run as a picture

policy.mjs exports the options of createFetch as its default; a policy may be JSON, too.
`;

/** @throws {TypeError} The command line is wrong. The message says what. */
export function parseCommand(argv: readonly string[]): Command {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h' },
      storm: { type: 'string' },
      report: { type: 'string' },
      strategy: { type: 'string' },
      check: { type: 'boolean' },
      policy: { type: 'string' },
      service: { type: 'string' },
      load: { type: 'string' },
      spike: { type: 'string' },
      processes: { type: 'string' },
      seconds: { type: 'string' },
      seeds: { type: 'string' },
      chart: { type: 'string' },
    },
  });
  if (values.help || positionals[0] !== 'lab' || positionals.length > 1) return { kind: 'help' };
  refuseOthers(values);
  if (values.policy === undefined) {
    const only = values.storm?.split(',').map((id) => id.trim().toUpperCase()) ?? [];
    const strategies = values.strategy?.split(',').map((name) => name.trim()) ?? [];
    const seeds =
      values.seeds === undefined ? Number.POSITIVE_INFINITY : wholeNumber('--seeds', values.seeds, 1);
    return { kind: 'storms', only, strategies, seeds, report: values.report, check: values.check ?? false };
  }
  return {
    kind: 'ask',
    policy: values.policy,
    service: serviceOf(values.service ?? 'capacity=100,latency=1000'),
    load: numberOf('--load', values.load ?? '40'),
    spike: values.spike === undefined ? undefined : spikeOf(values.spike),
    processes: wholeNumber('--processes', values.processes ?? '1', 1),
    duration: 1_000 * numberOf('--seconds', values.seconds ?? '90'),
    seeds: wholeNumber('--seeds', values.seeds ?? '5', 1),
    chart: values.chart,
  };
}

/** Options of the storms, and of the question about a policy. */
const OF_STORMS = ['storm', 'strategy', 'check', 'report'] as const;
const OF_POLICY = ['service', 'load', 'spike', 'processes', 'seconds', 'chart'] as const;

/** @throws {TypeError} An option belongs to the other half of the lab, where it would be ignored. */
function refuseOthers(values: Readonly<Record<string, unknown>>): void {
  const asks = values.policy !== undefined;
  const stray = (asks ? OF_STORMS : OF_POLICY).find((name) => values[name] !== undefined);
  if (stray !== undefined)
    throw new TypeError(`--${stray} goes ${asks ? 'without --policy' : 'with --policy ./policy.mjs'}`);
}

function serviceOf(text: string): QueueOptions {
  const parts = new Map(text.split(',').map((part) => part.split('=', 2) as [string, string | undefined]));
  for (const name of parts.keys()) {
    if (name !== 'capacity' && name !== 'latency') {
      throw new TypeError(`--service has no ${JSON.stringify(name)}: it takes capacity and latency`);
    }
  }
  const number = (name: string) => numberOf(`--service ${name}`, parts.get(name));
  return { capacity: number('capacity'), latency: number('latency') };
}

function spikeOf(text: string): { rate: number; duration: number } {
  const [rate, seconds] = text.split('x', 2);
  if (seconds === undefined) {
    throw new TypeError(`--spike must say for how many seconds too, such as ${text}x5, got ${text}`);
  }
  return { rate: numberOf('--spike', rate), duration: 1_000 * numberOf('--spike …x', seconds) };
}

function numberOf(name: string, text: string | undefined): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new TypeError(
    `${name} must be a number above 0, got ${Number.isNaN(value) ? JSON.stringify(text) : value}`,
  );
}
