// The tables of jobs, executions and problems.
import { away, button, byId, cell, clock, element, outcomeOf, patch, row, span, twoLines } from './dom.js';

/** `act(job, verb)` and `choose(job)` are called for a row's buttons. */
export function showJobs({ jobs }, act, choose) {
  patch(
    byId('job-rows'),
    jobs,
    (job) => job.id,
    (job) => jobRow(job, act, choose),
  );
  tick();
}

function jobRow(job, act, choose) {
  const place = job.service ?? job.containerName;
  const next = element('td', undefined, 'number next');
  const moment = element('strong');
  if (job.nextFireTime !== undefined) moment.dataset.at = job.nextFireTime;
  else moment.textContent = job.state === 'armed' ? 'never again' : '';
  next.append(moment, element('span', job.nextFireTime === undefined ? '' : clock(job.nextFireTime), 'soft'));
  const state = element('td', undefined, 'state');
  state.append(element('span', job.state, `pill ${job.state}`));
  if (job.running > 0) state.append(element('span', `${job.running} running`, 'soft'));
  const actions = element('td', undefined, 'actions');
  const verb = job.state === 'held' ? 'Resume' : 'Pause';
  actions.append(
    button('Run', `Run ${job.name} of ${place} now`, () => act(job, 'run')),
    button(verb, `${verb} ${job.name} of ${place}`, () => act(job, verb.toLowerCase())),
    button('History', `History of ${job.name} of ${place}`, () => choose(job)),
  );
  return row(
    twoLines(job.name, `${place} · ${job.command}`),
    twoLines(job.trigger.words, `${job.trigger.kind} ${job.trigger.text}`, 'when'),
    next,
    state,
    actions,
  );
}

/** Brings the words of how far away a fire time is up to date. */
export function tick() {
  for (const node of document.querySelectorAll('[data-at]')) {
    const words = away(Number(node.dataset.at));
    if (node.textContent !== words) node.textContent = words;
  }
}

export function showExecutions({ executions }, open) {
  patch(
    byId('execution-rows'),
    executions,
    (execution) => execution.execution,
    (execution) => executionRow(execution, open),
  );
  byId('executions-note').textContent = executions.length === 0 ? 'None that fits.' : '';
}

function executionRow(execution, open) {
  const { kind, sign, words } = outcomeOf(execution);
  const outcome = element('td', undefined, 'outcome');
  const pill = element('span', words, `pill ${kind}`);
  pill.dataset.sign = sign;
  outcome.append(pill);
  if (execution.reason !== undefined) outcome.append(element('span', execution.reason, 'soft'));
  const output = element('td', undefined, 'actions');
  if (execution.startedAt !== undefined) {
    const label = `Show the output of ${execution.jobName} at ${clock(execution.fireTime)}`;
    output.append(button('Show', label, () => open(execution.execution)));
  }
  return row(
    cell(clock(execution.fireTime), 'number moment'),
    twoLines(execution.jobName, execution.service ?? execution.containerName),
    outcome,
    cell(span(execution.durationMs), 'number took'),
    cell(span(execution.latenessMs), 'number late'),
    output,
  );
}

export function showProblems({ problems }) {
  byId('problems-section').hidden = problems.length === 0;
  byId('problem-count').textContent = problems.length;
  patch(byId('problems'), problems, JSON.stringify, problemItem);
}

function problemItem({ containerName, job, message, hint, severity }) {
  const item = element('li', undefined, severity);
  const where = job === undefined ? containerName : `${containerName}, job ${job}`;
  item.append(element('strong', where), element('span', message, 'message'));
  if (hint !== undefined) item.append(element('span', hint, 'hint'));
  return item;
}
