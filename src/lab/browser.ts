import type { ClientOptions } from '../model/options.ts';
import { play } from './play.ts';
import type { Settings } from './settings.ts';

/** The members of a web worker's scope that are used. Node's types have none. */
interface WorkerScope {
  addEventListener(type: 'message', listener: (event: { readonly data: Job }) => void): void;
  postMessage(message: unknown): void;
}

/** The message of the lab's page. */
interface Job {
  readonly settings: Settings;
  readonly policy: ClientOptions;
}

// The lab in a web worker, which does one job. .config/site.mjs bundles it with the browser's client.

// A storm makes many errors. To record their stacks takes most of the time, and the stacks are never read.
Error.stackTraceLimit = 0;

const page = globalThis as unknown as WorkerScope;
page.addEventListener('message', async ({ data: { settings, policy } }) => {
  try {
    await play(settings, policy, (progress) => page.postMessage(progress));
    page.postMessage({ over: true });
  } catch (error) {
    page.postMessage({ error: error instanceof Error ? error.message : String(error) });
  }
});
