// The timeline: a row for each service, a bar for each execution, a stroke for each fire time to come.
import { clear, clock, element, outcomeClass, span } from './dom.js';

export function drawTimeline(place, { from, to, now, rows }, open) {
  const x = (at) => `${(100 * (Math.min(Math.max(at, from), to) - from)) / (to - from)}%`;
  clear(place).append(axis(from, to, x));
  if (rows.length === 0) place.append(element('p', 'Nothing ran and nothing is due in this span.', 'note'));
  for (const line of rows) {
    const track = element('div', undefined, 'track');
    for (const { at, jobName } of line.fireTimes)
      track.append(mark('due', x(at), `${jobName}, due ${clock(at)}`));
    for (const execution of line.executions) track.append(bar(execution, x, from, to, now, open));
    track.append(mark('now', x(now), 'now'));
    place.append(tableRow(line.group, track));
  }
}

function tableRow(name, track, className = '') {
  const made = element('div', undefined, `row ${className}`);
  const label = element('div', name, 'name');
  label.title = name;
  made.append(label, track);
  return made;
}

function mark(className, left, title) {
  const made = element('span', undefined, className);
  made.style.left = left;
  made.title = title;
  return made;
}

function bar(execution, x, from, to, now, open) {
  const until = execution.to ?? now;
  const made = element('button', undefined, outcomeClass(execution));
  const text = `${execution.jobName}, ${clock(execution.from)}: ${execution.outcome}${execution.exitCode === undefined ? '' : ` ${execution.exitCode}`}, ${span(until - execution.from)}`;
  made.type = 'button';
  made.title = text;
  made.setAttribute('aria-label', text);
  made.style.left = x(execution.from);
  made.style.width = `${(100 * (Math.min(until, to) - Math.max(execution.from, from))) / (to - from)}%`;
  made.addEventListener('click', () => open(execution.execution));
  return made;
}

function axis(from, to, x) {
  const track = element('div', undefined, 'track');
  const steps = 6;
  const format = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
  for (let step = 1; step < steps; step++) {
    const at = from + ((to - from) * step) / steps;
    const label = element('span', format.format(at));
    label.style.left = x(at);
    track.append(label);
  }
  return tableRow('', track, 'axis');
}
