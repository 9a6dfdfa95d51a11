import { collapse } from './collapse.ts';
import { contention } from './contention.ts';
import { defaults } from './defaults.ts';
import { failure } from './failure.ts';
import { layers } from './layers.ts';
import type { Storm } from './storm.ts';

export const storms: readonly Storm[] = [contention, failure, layers, collapse, defaults];
