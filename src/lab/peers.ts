import { RetryAgent, request } from 'undici';
import { portablePeers, settles } from './portable-peers.ts';
import { ServiceDispatcher } from './service-dispatcher.ts';
import { type Strategy, urlOf } from './strategy.ts';

const retryAgent: Strategy = {
  name: 'undici RetryAgent',
  client({ fetch, world, timeout }) {
    const dispatcher = new RetryAgent(new ServiceDispatcher(fetch, world));
    return (path) =>
      settles(
        request(urlOf(path), { dispatcher, headersTimeout: timeout ?? null }).then(({ body }) => body.dump()),
      );
  },
};

/** Other clients: the real packages, with the settings of their own READMEs and defaults. */
export const peers: readonly Strategy[] = [...portablePeers, retryAgent];
