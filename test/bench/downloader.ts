import type { Download } from './download.ts';

// A process of its own, that downloads with one of the clients, and tells of its time and memory.

const [name = '', origin = ''] = process.argv.slice(2);
const { fetch } = name === 'steadfetch' ? await import('steadfetch') : await import('undici');

process.on('message', async ({ bytes }: { bytes: number }) => {
  process.send?.(await download(bytes));
});
process.on('disconnect', () => process.exit());
process.send?.('ready');

/** Reads a body by its stream, and keeps nothing of it. */
async function download(bytes: number): Promise<Download> {
  const began = performance.now();
  const response = await fetch(`${origin}/bytes/${bytes}`);
  const peaks = { early: 0, late: 0 };
  let read = 0;
  let looked = 0;
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    read += chunk.byteLength;
    // To look at the memory costs more than a chunk does.
    if (looked++ % 256 !== 0) continue;
    const half = read < bytes / 2 ? 'early' : 'late';
    peaks[half] = Math.max(peaks[half], process.memoryUsage.rss());
  }
  if (read !== bytes) throw new Error(`${name} read ${read} bytes of ${bytes}`);
  return { seconds: (performance.now() - began) / 1_000, growth: peaks.late - peaks.early };
}
