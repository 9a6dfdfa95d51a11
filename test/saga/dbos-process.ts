/** A process that runs workflows of the recipe: it starts one and is killed in a step, or recovers what was left. */
import { DBOS } from '@dbos-inc/dbos-sdk';
import { configure, tripWorkflow } from '../../docs/examples/saga/dbos.ts';
import { createFetch } from '../../src/index.ts';

const [database = '', service = '', id = '', dieAfter = ''] = process.argv.slice(2);
const api = createFetch({
  retry: false,
  fetch: async (input, init) => {
    const response = await globalThis.fetch(input, init);
    if (dieAfter !== '' && new URL(String(input)).pathname === dieAfter) process.kill(process.pid, 'SIGKILL');
    return response;
  },
});
configure(database);
const trip = tripWorkflow(api, service);
// Recovers what a former process of this version left unfinished.
await DBOS.launch();
// The same id again is the same workflow.
const handle = await DBOS.startWorkflow(trip, { workflowID: id })({ id });
process.stdout.write(`${await handle.getResult()}\n`);
await DBOS.shutdown();
process.exit(0);
