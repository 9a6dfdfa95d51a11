import { runChecks } from './checks.ts';

// For workerd: a request with the server's address in its body is answered with what came of the checks.

export default {
  async fetch(request: Request): Promise<Response> {
    return Response.json(await runChecks({ server: await request.text(), seesWire: false }));
  },
};
