/**
 * A workflow of DBOS (https://docs.dbos.dev) whose steps call through steadfetch. DBOS runs a step again if its process died
 * before the step was recorded: the key, made of workflow and step, makes the repeat harmless.
 */
import { DBOS } from '@dbos-inc/dbos-sdk';
import type { SteadFetch } from 'steadfetch';

/** The parts of the key for the running step. */
function stepKey(): [string, number] {
  const { workflowID, stepID } = DBOS;
  if (workflowID === undefined || stepID === undefined) throw new Error('there is no step here');
  return [workflowID, stepID];
}

/** Books a trip. Register workflows before `DBOS.launch()`. */
export function tripWorkflow(api: SteadFetch, base: string) {
  const post = async (path: string, body: unknown) => {
    const response = await api(`${base}${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
      idempotencyKey: stepKey(),
    });
    // A temporary failure is thrown, so that the step is retried. A final refusal is a result that the workflow acts on.
    if (response.status >= 500 || response.status === 429) throw new Error(`${path}: ${response.status}`);
    await response.body?.cancel();
    return response.ok;
  };
  const step = (name: string, body: unknown) =>
    DBOS.runStep(() => post(`/${name}`, body), { name, retriesAllowed: true, maxAttempts: 10 });

  return DBOS.registerWorkflow(
    async (order: { id: string }) => {
      await step('hotel', order);
      if (await step('charge', order)) return 'booked';
      await step('hotel-undo', order);
      return 'taken back';
    },
    { name: 'trip' },
  );
}

/**
 * `applicationVersion` is pinned. By default DBOS makes it from the workflows' source, and recovers only workflows of the same
 * version, so a changed comment would strand the workflows in progress. Raise the version when old ones can't go on.
 */
export function configure(systemDatabaseUrl: string): void {
  DBOS.setConfig({ name: 'trips', systemDatabaseUrl, applicationVersion: '1', logLevel: 'error' });
}
