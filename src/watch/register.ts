/**
 * Watches the process that imports it: `node --import steadfetch/watch/register server.js`.
 *
 * @module steadfetch/watch/register
 */

import { watch } from './index.ts';

const { STEADFETCH_WATCH_PORT: port } = process.env;

watch(port === undefined ? {} : { port: Number(port) });
