import type { ClientOptions } from '../model/options.ts';
import { play } from './play.ts';
import type { Settings } from './settings.ts';

/** What of a web worker is used: Node's types know none. */
interface WorkerScope {
  addEventListener(type: 'message', listener: (event: { readonly data: Job }) => void): void;
  postMessage(message: unknown): void;
}

/** What the lab's page asks for. */
interface Job {
  readonly settings: Settings;
  readonly policy: ClientOptions;
}

// The lab in a web worker: one job, and then it is over. .config/site.mjs bundles it with the browser's client.

// Nobody reads the stack of an error in a storm of them, and writing it down takes most of the time.
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
