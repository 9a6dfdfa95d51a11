/** `npm run outage:outbox`: an hour's outage on virtual time, told as it happens. `OUTAGE_CALLS`, `OUTAGE_MINUTES` and `OUTAGE_WORKERS` set the numbers. */
import { HOUR, playOutage } from './outage.ts';

const { added, delivered, dead, probes, longestWait, normal, most } = await playOutage({
  calls: Number(process.env.OUTAGE_CALLS ?? 10_000),
  minutes: Number(process.env.OUTAGE_MINUTES ?? 60),
  workers: Number(process.env.OUTAGE_WORKERS ?? 2),
  tell: (line) => console.log(line),
});
console.log(
  `${added} calls, ${delivered} delivered, ${dead} dead letters; ${probes} requests during the outage`,
);
console.log(`the longest wait: ${(longestWait / HOUR).toFixed(1)} h of the 24 h that a key lasts`);
console.log(
  `normal: ${normal.toFixed(1)} a minute; after the outage at most ${most} in any minute, ${(most / normal).toFixed(2)} times that`,
);
process.exitCode = most <= 1.5 * normal && delivered === added && dead === 0 ? 0 : 1;
