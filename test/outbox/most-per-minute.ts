const MINUTE = 60_000;

/** The most that arrive within a minute, of those from `from` on. Epoch milliseconds, in their order. */
export function mostPerMinute(times: readonly number[], from: number): number {
  const late = times.filter((time) => time >= from);
  let [most, first] = [0, 0];
  for (let last = 0; last < late.length; last += 1) {
    while ((late[last] ?? 0) - (late[first] ?? 0) >= MINUTE) first += 1;
    most = Math.max(most, last - first + 1);
  }
  return most;
}
