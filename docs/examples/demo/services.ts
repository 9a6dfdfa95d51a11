import { openDatabase } from './books.ts';
import { type Service, startService } from './service.ts';
import type { Letter } from './service-process.ts';

// The payment services, in a process of their own: one port and one set of books for each client, in one database.
// Their parent gets one letter when they are open, and one in answer to each of its own.

// The parent may be gone at any time, however it ended.
process.once('disconnect', () => process.exit());
if (!process.connected) process.exit();

const [seed, ...names] = process.argv.slice(2);
const database = await openDatabase();
const services = new Map<string, Service>();
for (const name of names)
  services.set(name, await startService(Number(seed), await database.openBooks(name)));

process.on('message', async ({ service, command }: Letter) => {
  const answer = await services.get(service)?.tell(command);
  process.send?.({ service, answer });
});
process.send?.([...services].map(([name, { url }]) => [name, url]));
