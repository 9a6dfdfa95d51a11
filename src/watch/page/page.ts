import 'uplot/dist/uPlot.min.css';
import './style.css';
import type { QuotaSnapshot } from '../../model/breaker.ts';
import type { Told } from '../message.ts';
import { chart } from './charts.ts';
import { after, EMPTY, type View } from './view.ts';

/** A cell: its text, and how it looks. */
type Cell = string | number | readonly [text: string, look: 'good' | 'bad' | 'wait'];

const views = new Map<number, View>();
/** Undefined: the latest that has made a call. */
let chosen: number | undefined;

const byId = (id: string) => document.querySelector(`#${id}`) as HTMLElement;
const select = byId('process') as HTMLSelectElement;

const drawCalls = chart(byId('calls-chart'), [
  { label: 'good', colour: '--good', value: ({ good }) => good },
  { label: 'failed', colour: '--bad', value: ({ bad }) => bad },
  { label: 'retries', colour: '--wait', value: ({ retries }) => retries },
]);
const drawFlight = chart(byId('flight-chart'), [
  { label: 'under way', colour: '--good', value: ({ inFlight }) => inFlight },
  { label: 'waiting', colour: '--wait', value: ({ waiting }) => waiting },
]);

// What scrolls can be reached by keyboard.
for (const place of document.querySelectorAll<HTMLElement>('.wide')) place.tabIndex = 0;

select.addEventListener('change', () => {
  chosen = Number(select.value);
  draw();
});

const lines = new EventSource('lines');
lines.addEventListener('open', () => {
  views.clear();
  draw();
});
lines.addEventListener('error', () => {
  byId('status').textContent = 'The command has ended: run npx steadfetch watch again.';
});
let isDue = false;
lines.addEventListener('message', ({ data }) => {
  const told: Told = JSON.parse(data);
  views.set(told.process, after(views.get(told.process) ?? EMPTY, told));
  if (isDue) return;
  isDue = true;
  // Many lines come at once when the page is opened.
  setTimeout(() => {
    isDue = false;
    draw();
  }, 50);
});

function draw(): void {
  const [current, view] = shown();
  choices(current);
  const { latest, moments, isGone } = view;
  byId('status').textContent = statusOf(view);
  byId('status').className = isGone ? 'bad' : '';
  drawCalls(moments);
  drawFlight(moments);
  const now = moments.at(-1);
  byId('calls-now').textContent = now
    ? `Now: ${rate(now.good)} good, ${rate(now.bad)} failed, ${rate(now.retries)} retries per second`
    : 'No calls yet';
  byId('flight-now').textContent = now
    ? `Now: ${now.inFlight} under way, ${now.waiting} waiting`
    : 'Nothing yet';

  rows(
    'scopes',
    (latest?.scopes ?? []).map(({ scope, breaker, budget, quotas, inFlight, waiting, rejected }) => [
      scope,
      breaker === undefined ? 'none' : [breaker.state, breaker.state === 'closed' ? 'good' : 'bad'],
      breaker === undefined ? '' : `${breaker.failures} of ${breaker.attempts}`,
      budget === undefined ? 'no budget' : Math.floor(budget),
      quotas?.map(quotaText).join(', ') ?? '',
      inFlight,
      waiting > 0 ? [String(waiting), 'wait'] : waiting,
      rejected > 0 ? [String(rejected), 'bad'] : rejected,
    ]),
  );
  rows(
    'changes',
    view.changes.map(({ at, scope, from, to, reason }) => [
      time(at),
      scope,
      [`${from} → ${to}`, to === 'closed' ? 'good' : 'bad'],
      reason,
    ]),
  );
  rows(
    'calls',
    view.calls.map((call) => {
      const end = view.broken.get(call.id);
      return [
        time(call.startedAt + call.duration),
        `${call.method} ${call.url}`,
        [call.stopped, call.stopped === 'success' ? 'good' : 'bad'],
        call.delivery,
        call.last,
        call.attempts,
        Math.round(call.duration),
        end === undefined ? '' : [`broke off: ${end}`, 'bad'],
      ];
    }),
  );
}

/** The chosen process, else the latest one with calls, else the latest. */
function shown(): [number | undefined, View] {
  if (chosen !== undefined && views.has(chosen)) return [chosen, views.get(chosen) ?? EMPTY];
  const all = [...views].reverse();
  return all.find(([, { calls }]) => calls.length > 0) ?? all[0] ?? [undefined, EMPTY];
}

function choices(current: number | undefined): void {
  const wanted = [...views].map(
    ([id, { hello }]) => new Option(`${hello?.pid} ${hello?.name ?? ''}`, String(id)),
  );
  const texts = (options: readonly HTMLOptionElement[]) => options.map(({ text }) => text).join('\n');
  // A person who has it open should not lose it.
  if (texts([...select.options]) !== texts(wanted)) select.replaceChildren(...wanted);
  if (current !== undefined) select.value = String(current);
}

function statusOf({ hello, isGone, latest }: View): string {
  if (hello === undefined) return 'Waiting for a process…';
  if (isGone) return 'This process has ended.';
  return latest === undefined ? 'Connected.' : `Node ${hello.node}, seen at ${time(latest.at)}`;
}

function rows(table: string, all: readonly (readonly Cell[])[]): void {
  const made = all.map((cells) => {
    const row = document.createElement('tr');
    row.append(...cells.map(cellOf));
    return row;
  });
  document.querySelector(`#${table} tbody`)?.replaceChildren(...made);
}

function cellOf(cell: Cell): HTMLTableCellElement {
  const made = document.createElement('td');
  const isPlain = typeof cell === 'string' || typeof cell === 'number';
  made.textContent = isPlain ? String(cell) : cell[0];
  made.className = isPlain ? (typeof cell === 'number' ? 'number' : '') : cell[1];
  return made;
}

function quotaText({ name, remaining, limit }: QuotaSnapshot): string {
  return limit === undefined ? `${name}: ${remaining}` : `${name}: ${remaining} of ${limit}`;
}

function time(epoch: number): string {
  return new Date(epoch).toLocaleTimeString();
}

function rate(value: number): string {
  return value.toFixed(value < 10 ? 1 : 0);
}
