/**
 * Whether a response is a stream of events (`text/event-stream`). Such a body has no end by its nature, so `buffer` leaves it alone: an
 * attempt that waited for it would run out of time.
 * @param type the value of `content-type`
 */
export function isEventStream(type: string | null | undefined): boolean {
  return /^\s*text\/event-stream\s*(?:;|$)/i.test(type ?? '');
}
