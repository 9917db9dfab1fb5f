// The page's behaviour. It holds no state of its own but what the visitor chose: each view is asked from the API
// in pages, so that ten thousand jobs cost no more than two hundred.
import { button, cell, clear, clock, element, outcomeClass, row, since, span } from './dom.js';
import { drawTimeline } from './timeline.js';

const PAGE = 200;
/** Reports come in bursts: what they make stale is asked for again at most this often, in milliseconds. */
const REFRESH_MS = 1000;
const chosen = { hours: 6, search: '', state: '', offset: 0, outcome: '', job: '' };
let token = '';
let live;

const byId = (id) => document.getElementById(id);

async function ask(path, options = {}) {
  const headers = token === '' ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(path, { ...options, headers });
  const answer = await response.json().catch(() => ({ error: `${response.status}` }));
  if (!response.ok && path !== 'healthz') throw new Error(answer.error ?? `${response.status}`);
  return answer;
}

function say(text) {
  byId('said').textContent = text;
  setTimeout(() => {
    if (byId('said').textContent === text) byId('said').textContent = '';
  }, 5000);
}

const query = (values) =>
  new URLSearchParams(
    Object.entries(values).filter(([, value]) => value !== '' && value !== undefined),
  ).toString();

async function showHealth() {
  const health = await ask('healthz');
  const parts = [
    health.healthy ? 'healthy' : `not healthy: ${health.reasons.join('; ')}`,
    `${health.jobs} jobs`,
    `${health.running} of ${health.poolSize} places taken`,
  ];
  if (health.queued > 0) parts.push(`${health.queued} wait for a place`);
  if (health.history?.degraded !== undefined) parts.push(`history degraded: ${health.history.degraded}`);
  byId('health').textContent = parts.join(' · ');
  byId('health').className = health.healthy ? 'ok' : 'bad';
}

async function showTimeline() {
  const half = (chosen.hours * 3600_000) / 2;
  const now = Date.now();
  const answer = await ask(
    `api/timeline?${query({ from: Math.round(now - half), to: Math.round(now + half) })}`,
  );
  drawTimeline(byId('timeline'), answer, openOutput);
  byId('timeline-note').textContent =
    answer.leftOut > 0 ? `${answer.leftOut} more are not drawn; the tables below have them.` : '';
}

async function showProblems() {
  const { problems } = await ask('api/problems');
  byId('problems-section').hidden = problems.length === 0;
  const list = clear(byId('problems'));
  for (const problem of problems) {
    const item = element('li');
    item.append(
      element(
        'strong',
        `${problem.containerName}${problem.job === undefined ? '' : `, job ${problem.job}`}: `,
      ),
      problem.message,
    );
    if (problem.hint !== undefined) item.append(element('span', ` ${problem.hint}`, 'soft'));
    list.append(item);
  }
}

async function showJobs() {
  const { search, state, offset } = chosen;
  const answer = await ask(`api/jobs?${query({ search, state, offset, limit: PAGE })}`);
  const rows = clear(byId('job-rows'));
  for (const job of answer.jobs) rows.append(jobRow(job));
  const last = Math.min(offset + PAGE, answer.total);
  byId('page-note').textContent =
    answer.total === 0 ? 'No job matches.' : `${offset + 1} to ${last} of ${answer.total}`;
  byId('previous').disabled = offset === 0;
  byId('following').disabled = last >= answer.total;
}

function jobRow(job) {
  const name = element('td');
  name.append(
    element('strong', job.name),
    element('span', `${job.service ?? job.containerName} · ${job.command}`, 'soft'),
  );
  const when = element('td', job.trigger.words);
  when.append(element('span', `${job.trigger.kind} ${job.trigger.text}`, 'soft'));
  const actions = element('td');
  const act = (verb) => button(verb, `${verb} ${job.name}`, () => post(job, verb));
  actions.append(
    act('run'),
    act(job.state === 'held' ? 'resume' : 'pause'),
    button('history', `history of ${job.name}`, () => chooseJob(job.id)),
  );
  return row(name, when, cell(since(job.nextFireTime), 'number'), cell(job.state), actions);
}

async function post(job, verb) {
  try {
    await ask(`api/jobs/${encodeURIComponent(job.id)}/${verb}`, { method: 'POST' });
    say(`${job.name}: ${verb} asked for`);
    await refresh();
  } catch (error) {
    byId('token-form').hidden = false;
    say(`${job.name}: ${error.message}`);
  }
}

async function showExecutions() {
  const { job, outcome } = chosen;
  const answer = await ask(`api/executions?${query({ job, outcome, limit: 100 })}`);
  const rows = clear(byId('execution-rows'));
  for (const execution of answer.executions) rows.append(executionRow(execution));
  byId('all-jobs').hidden = chosen.job === '';
}

function executionRow(execution) {
  const outcome = element(
    'td',
    `${execution.outcome}${execution.exitCode === undefined ? '' : ` ${execution.exitCode}`}`,
  );
  outcome.className = outcomeClass(execution);
  if (execution.reason !== undefined) outcome.append(element('span', execution.reason, 'soft'));
  const name = element('td', execution.jobName);
  name.append(element('span', execution.service ?? execution.containerName, 'soft'));
  const output = element('td');
  if (execution.startedAt !== undefined) {
    output.append(
      button('show', `output of ${execution.jobName} at ${clock(execution.fireTime)}`, () =>
        openOutput(execution.execution),
      ),
    );
  }
  return row(
    cell(clock(execution.fireTime), 'number'),
    name,
    outcome,
    cell(span(execution.durationMs), 'number'),
    cell(span(execution.latenessMs), 'number'),
    output,
  );
}

async function openOutput(id) {
  live?.close();
  const path = `api/executions/${encodeURIComponent(id)}`;
  const text = clear(byId('output-text'));
  byId('output').showModal();
  const execution = await ask(path).catch((error) => ({ outcome: error.message, jobName: id, output: '' }));
  byId('output-title').textContent = `Output of ${execution.jobName}`;
  byId('output-state').textContent = describe(execution);
  if (execution.outcome !== 'running') {
    text.textContent = execution.output ?? '';
    return;
  }
  live = new EventSource(`${path}/output`);
  live.addEventListener('line', (event) => {
    const line = JSON.parse(event.data);
    text.append(element('span', `${line.text}\n`, line.stream));
    text.scrollTop = text.scrollHeight;
  });
  live.addEventListener('ended', (event) => {
    byId('output-state').textContent = describe(JSON.parse(event.data));
    live.close();
  });
}

function describe(execution) {
  const code = execution.exitCode === undefined ? '' : ` ${execution.exitCode}`;
  return `${execution.outcome}${code}${execution.durationMs === undefined ? '' : ` after ${span(execution.durationMs)}`}`;
}

function chooseJob(id) {
  chosen.job = id;
  showExecutions();
  byId('executions-title').scrollIntoView();
}

async function refresh() {
  const views = [showHealth, showJobs, showTimeline, showExecutions, showProblems];
  const results = await Promise.allSettled(views.map((view) => view()));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) {
    byId('health').textContent = `no answer: ${failed.reason.message}`;
    byId('health').className = 'bad';
  }
  document.body.dataset.ready = 'yes';
}

function listen() {
  let stale = false;
  setInterval(() => {
    if (!stale || document.hidden) return;
    stale = false;
    refresh();
  }, REFRESH_MS);
  const events = new EventSource('api/events');
  events.addEventListener('report', () => {
    stale = true;
  });
  events.addEventListener('open', () => {
    stale = true;
  });
  events.addEventListener('error', () =>
    showHealth().catch(() => {
      byId('health').textContent = 'no answer from chorewheel';
      byId('health').className = 'bad';
    }),
  );
}

function choose(name, value, view) {
  chosen[name] = value;
  if (view === showJobs && name !== 'offset') chosen.offset = 0;
  view().catch((error) => say(error.message));
}

byId('search').addEventListener('input', (event) => choose('search', event.target.value, showJobs));
byId('state').addEventListener('change', (event) => choose('state', event.target.value, showJobs));
byId('outcome').addEventListener('change', (event) => choose('outcome', event.target.value, showExecutions));
byId('previous').addEventListener('click', () =>
  choose('offset', Math.max(0, chosen.offset - PAGE), showJobs),
);
byId('following').addEventListener('click', () => choose('offset', chosen.offset + PAGE, showJobs));
byId('all-jobs').addEventListener('click', () => choose('job', '', showExecutions));
byId('close-output').addEventListener('click', () => byId('output').close());
byId('output').addEventListener('close', () => live?.close());
byId('token-form').addEventListener('submit', (event) => {
  event.preventDefault();
  token = byId('token').value;
  byId('token-form').hidden = true;
});
for (const choice of document.querySelectorAll('[data-hours]')) {
  choice.addEventListener('click', () => {
    for (const other of document.querySelectorAll('[data-hours]'))
      other.setAttribute('aria-pressed', String(other === choice));
    choose('hours', Number(choice.dataset.hours), showTimeline);
  });
}
await refresh();
listen();
