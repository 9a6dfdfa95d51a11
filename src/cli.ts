#!/usr/bin/env node
import { main } from './cli/main.ts';

// As `| head` does: who reads has enough, so there is nothing left to say.
process.stdout.on('error', (error) => {
  if (Reflect.get(error, 'code') === 'EPIPE') process.exit();
  throw error;
});

process.exitCode = await main(process.argv.slice(2));
