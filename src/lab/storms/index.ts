import { capacity } from './capacity.ts';
import { collapse, collapseUnderLimit } from './collapse.ts';
import { contention } from './contention.ts';
import { defaults } from './defaults.ts';
import { failure } from './failure.ts';
import { layers } from './layers.ts';
import { oldTrouble } from './old-trouble.ts';
import { outages } from './outage.ts';
import { quiet, quietFleet } from './quiet.ts';
import { quota } from './quota.ts';
import type { Storm } from './storm.ts';
import { brownOut, coldRecovery, flapping, pair, restart, shedding } from './trouble.ts';
import { unlike } from './unlike.ts';
import { workers } from './workers.ts';

export const storms: readonly Storm[] = [
  contention,
  failure,
  layers,
  collapse,
  ...outages,
  quiet,
  quietFleet,
  coldRecovery,
  brownOut,
  shedding,
  flapping,
  pair,
  restart,
  capacity,
  collapseUnderLimit,
  quota,
  oldTrouble,
  workers,
  unlike,
  defaults,
];
