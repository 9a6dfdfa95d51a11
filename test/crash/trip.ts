import { saga } from '../../src/saga/index.ts';

const post =
  (path: string) =>
  (context: { call: (url: string, init: object) => Promise<Response>; input: { name: string } }) =>
    context.call(path, { method: 'POST', body: context.input.name });

/** Three steps, each with an undo. The service refuses the ticket of those whose name says so. */
export const trip = saga<{ name: string }>('trip', {
  hotel: { run: post('/hotel'), undo: post('/hotel/undo') },
  charge: { run: post('/charge'), undo: post('/charge/undo') },
  ticket: { run: post('/ticket'), undo: post('/ticket/undo') },
});
