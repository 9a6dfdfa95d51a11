import { openDatabase } from './books.ts';
import { type Service, startService } from './service.ts';
import type { Letter } from './service-process.ts';

// The payment services in a process of their own: one port and one set of books per client, in one database. The parent process
// gets one message when they are open, and one answer for each of its messages.

// The parent may end at any time, also by a crash.
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
