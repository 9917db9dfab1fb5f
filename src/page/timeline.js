// The timeline: a row for each service, a bar for each execution, a stroke for each fire time to come.
import { byId, clock, element, outcomeOf, span } from './dom.js';

const minute = 60_000;
const steps = [1, 2, 5, 10, 15, 30, 60, 120, 180, 240, 360].map((minutes) => minutes * minute);
/** Bars that overlap lie below each other, in so many lanes at most. */
const laneLimit = 6;
const laneHeight = 14;
/** Fire times closer than this part of the span are one stroke. */
const resolution = 1 / 400;

const format = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });

/** `open` is called with the id of an execution that was chosen. */
export function drawTimeline({ from, to, now, rows }, open) {
  const place = byId('timeline');
  const focused = place.contains(document.activeElement)
    ? document.activeElement.dataset.execution
    : undefined;
  const scrolled = place.scrollTop;
  const scale = { from, to, now, part: (at) => (Math.min(Math.max(at, from), to) - from) / (to - from) };
  const sheet = element('div', undefined, 'sheet');
  sheet.append(axis(scale), ...rows.map((line) => tableRow(line, scale, open)));
  if (rows.length === 0) sheet.append(element('p', 'Nothing ran and nothing is due in this span.', 'note'));
  place.replaceChildren(sheet);
  place.scrollTop = scrolled;
  const bars = [...place.querySelectorAll('button')];
  const next = bars.find(({ dataset }) => dataset.execution === focused) ?? bars.at(-1);
  if (next === undefined) return;
  next.tabIndex = 0;
  if (focused !== undefined) next.focus({ preventScroll: true });
}

function tableRow({ group, executions, fireTimes, goingOn = [] }, scale, open) {
  const made = element('div', undefined, 'row');
  const name = element('div', group, 'name');
  name.title = group;
  const track = element('div', undefined, 'track');
  for (const { at, jobName } of goingOn) track.append(band(at, jobName, scale));
  track.append(...strokes(fireTimes, scale));
  const lanes = [];
  for (const execution of executions.toSorted((a, b) => a.from - b.from))
    track.append(bar(execution, lanes, scale, open));
  track.style.height = `${Math.max(1, lanes.length) * laneHeight + 10}px`;
  made.append(name, track);
  return made;
}

function strokes(fireTimes, { part }) {
  const made = [];
  let last = -1;
  for (const { at, jobName } of fireTimes.toSorted((a, b) => a.at - b.at)) {
    if (part(at) - last < resolution) continue;
    last = part(at);
    const stroke = element('span', undefined, 'due');
    stroke.style.left = percent(last);
    stroke.title = `${jobName}, due ${clock(at)}`;
    made.push(stroke);
  }
  return made;
}

/** A job that fires too often for a stroke each. */
function band(at, jobName, { part }) {
  const made = element('span', undefined, 'band');
  made.style.left = percent(part(at));
  made.title = `${jobName} goes on`;
  return made;
}

function bar(execution, lanes, scale, open) {
  // What did not run has no end; only what runs lasts until now.
  const until = execution.to ?? (execution.outcome === 'running' ? scale.now : execution.from);
  const { kind, words } = outcomeOf(execution);
  const made = element('button', undefined, kind);
  const text = `${execution.jobName}, ${clock(execution.from)}: ${words}, ${span(until - execution.from)}`;
  made.type = 'button';
  made.tabIndex = -1;
  made.title = text;
  made.setAttribute('aria-label', text);
  made.dataset.execution = execution.execution;
  const left = scale.part(execution.from);
  const right = scale.part(until);
  made.style.left = percent(left);
  made.style.width = percent(right - left);
  made.style.top = `${freeLane(lanes, left, right) * laneHeight + 5}px`;
  made.addEventListener('click', () => open(execution.execution));
  return made;
}

/** The first lane that is free again at `left`; it is taken until a little after `right`. */
function freeLane(lanes, left, right) {
  let lane = lanes.findIndex((end) => end <= left);
  if (lane === -1) lane = Math.min(lanes.length, laneLimit - 1);
  lanes[lane] = Math.max(right, left + resolution);
  return lane;
}

function axis(scale) {
  const { from, to, now, part } = scale;
  const grid = element('div', undefined, 'grid');
  const narrow = matchMedia('(max-width: 40rem)').matches;
  const most = narrow ? 4 : 9;
  const step = steps.find((size) => (to - from) / size <= most) ?? steps.at(-1);
  const zone = new Date(now).getTimezoneOffset() * minute;
  for (let at = Math.ceil((from - zone) / step) * step + zone; at < to; at += step)
    if (hasRoom(at, scale, narrow ? 1 / 7 : 1 / 28)) grid.append(line(format.format(at), part(at), 'tick'));
  grid.append(line('now', part(now), 'now'));
  return grid;
}

/** Away from the word `now`, and from the edges, where a label would be cut. */
function hasRoom(at, { from, to, now }, distance) {
  const room = (to - from) * distance;
  return Math.abs(at - now) > room && at - from > room / 2 && to - at > room / 2;
}

function line(text, at, className) {
  const made = element('span', undefined, className);
  made.append(element('span', text));
  made.style.left = percent(at);
  return made;
}

const percent = (part) => `${(100 * part).toFixed(3)}%`;

/** One tab stop for all bars; arrow keys go from one to the next, and to the nearest of another row. */
byId('timeline').addEventListener('keydown', (event) => {
  const current = event.target.closest('.track > button');
  const target = current === null ? first(event.key) : neighbour(current, event.key);
  if (target === undefined) return;
  event.preventDefault();
  if (current !== null) current.tabIndex = -1;
  target.tabIndex = 0;
  target.focus();
});

const first = (key) =>
  key.startsWith('Arrow') ? (byId('timeline').querySelector('button[tabindex="0"]') ?? undefined) : undefined;

function neighbour(current, key) {
  const inRow = [...current.parentElement.querySelectorAll('button')];
  const index = inRow.indexOf(current);
  if (key === 'ArrowLeft') return inRow[index - 1];
  if (key === 'ArrowRight') return inRow[index + 1];
  if (key === 'Home') return inRow[0];
  if (key === 'End') return inRow.at(-1);
  if (key !== 'ArrowUp' && key !== 'ArrowDown') return undefined;
  const rows = [...byId('timeline').querySelectorAll('.row')].filter((row) => row.querySelector('button'));
  const other = rows[rows.indexOf(current.closest('.row')) + (key === 'ArrowUp' ? -1 : 1)];
  const x = Number.parseFloat(current.style.left);
  const distance = (bar) => Math.abs(Number.parseFloat(bar.style.left) - x);
  return [...(other?.querySelectorAll('button') ?? [])].sort((a, b) => distance(a) - distance(b))[0];
}
