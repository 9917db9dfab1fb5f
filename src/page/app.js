// The page's behaviour. It holds no state of its own but what the visitor chose: each view is asked from the API
// in pages, so that ten thousand jobs cost no more than a hundred.
import { ask, post, query } from './api.js';
import { byId, element, patch, setText } from './dom.js';
import { openOutput } from './output.js';
import { showExecutions, showJobs, showProblems, tick } from './tables.js';
import { drawTimeline } from './timeline.js';

const PAGE = 100;
/** Reports come in bursts: what they make stale is asked for again after this pause, and a longer one if the
 *  answers took long. In milliseconds. */
const PAUSE_MS = 1000;

/** What the visitor chose; kept in the address, so that it can be reloaded and passed on. */
const chosen = {
  hours: '1',
  search: '',
  state: '',
  outcome: '',
  job: '',
  ...Object.fromEntries(new URLSearchParams(location.hash.slice(1))),
};
let offset = 0;

function say(text) {
  byId('said').textContent = text;
  setTimeout(() => {
    if (byId('said').textContent === text) byId('said').textContent = '';
  }, 5000);
}

function setHealth(text, kind) {
  setText(byId('health'), text);
  byId('health').className = `pill ${kind}`;
}

async function loadHealth() {
  const health = await ask('healthz');
  setHealth(health.healthy ? 'healthy' : health.reasons.join('; '), health.healthy ? 'ok' : 'bad');
  const counts = [
    ['jobs', health.jobs],
    ['running', `${health.running} of ${health.poolSize}`],
    ['waiting', health.queued],
  ];
  if (health.history.degraded !== undefined) counts.push(['history', health.history.degraded]);
  patch(byId('counts'), counts, ([name]) => name, count);
  setText(byId('version'), `chorewheel ${health.version}`);
}

function count([name, value]) {
  const made = element('div');
  made.append(element('dt', name), element('dd', String(value)));
  return made;
}

async function loadTimeline() {
  const half = (Number(chosen.hours) * 3600_000) / 2;
  const now = Date.now();
  const range = { from: Math.round(now - half), to: Math.round(now + half) };
  const answer = await ask(`api/timeline?${query(range)}`);
  drawTimeline(answer, openOutput);
  setText(
    byId('timeline-note'),
    answer.leftOut > 0 ? `${answer.leftOut} more are not drawn; the tables below have them.` : '',
  );
}

async function loadJobs() {
  const { search, state } = chosen;
  const question = { search, state, offset, limit: PAGE };
  const answer = await ask(`api/jobs?${query(question)}`);
  // A slow answer to what is no longer asked must not overwrite the newer one.
  if (search !== chosen.search || state !== chosen.state || question.offset !== offset) return;
  showJobs(answer, act, chooseJob);
  const last = Math.min(offset + PAGE, answer.total);
  setText(
    byId('page-note'),
    answer.total === 0 ? 'No job matches.' : `${offset + 1}–${last} of ${answer.total}`,
  );
  byId('previous').hidden = byId('following').hidden = answer.total <= PAGE;
  byId('previous').disabled = offset === 0;
  byId('following').disabled = last >= answer.total;
}

async function loadExecutions() {
  const { job, outcome } = chosen;
  showExecutions(await ask(`api/executions?${query({ job, outcome, limit: 100 })}`), openOutput);
  byId('all-jobs').hidden = job === '';
}

const loadProblems = async () => showProblems(await ask('api/problems'));

const doing = { run: 'starts now', pause: 'is paused', resume: 'fires again' };

async function act(job, verb) {
  try {
    if (!(await post(`api/jobs/${encodeURIComponent(job.id)}/${verb}`))) return;
    say(`${job.name} ${doing[verb]}`);
    await Promise.all([loadJobs(), loadExecutions()]);
  } catch (error) {
    say(`${job.name}: ${error.message}`);
  }
}

async function chooseJob(job) {
  await choose('job', job.id, loadExecutions);
  byId('executions-title').scrollIntoView();
  byId('executions-title').focus();
}

const views = [loadHealth, loadJobs, loadTimeline, loadExecutions, loadProblems];

async function refresh() {
  const results = await Promise.allSettled(views.map((view) => view()));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) setHealth(`no answer: ${failed.reason.message}`, 'bad');
  if (document.body.dataset.ready === undefined) performance.mark('ready');
  document.body.dataset.ready = 'yes';
}

let stale = false;

async function keepFresh() {
  const began = performance.now();
  if (stale && !document.hidden) {
    stale = false;
    await refresh();
  }
  setTimeout(keepFresh, Math.max(PAUSE_MS, 5 * (performance.now() - began)));
}

function listen() {
  const events = new EventSource('api/events');
  const mark = () => {
    stale = true;
  };
  for (const name of ['open', 'report']) events.addEventListener(name, mark);
  events.addEventListener('error', () => loadHealth().catch(() => setHealth('no answer', 'bad')));
  // Time alone makes the timeline stale, too.
  setInterval(mark, 15_000);
  setInterval(tick, 1000);
  keepFresh();
}

async function choose(name, value, view) {
  chosen[name] = value;
  history.replaceState(null, '', `#${query(chosen)}`);
  if (view === loadJobs) offset = 0;
  await view().catch((error) => say(error.message));
}

function turn(pages) {
  offset = Math.max(0, offset + pages * PAGE);
  loadJobs().catch((error) => say(error.message));
}

function showChosen() {
  for (const name of ['search', 'state', 'outcome']) byId(name).value = chosen[name];
  for (const choice of document.querySelectorAll('[data-hours]'))
    choice.setAttribute('aria-pressed', String(choice.dataset.hours === chosen.hours));
}

byId('search').addEventListener('input', (event) => choose('search', event.target.value, loadJobs));
byId('state').addEventListener('change', (event) => choose('state', event.target.value, loadJobs));
byId('outcome').addEventListener('change', (event) => choose('outcome', event.target.value, loadExecutions));
byId('previous').addEventListener('click', () => turn(-1));
byId('following').addEventListener('click', () => turn(1));
byId('all-jobs').addEventListener('click', () => choose('job', '', loadExecutions));
for (const choice of document.querySelectorAll('[data-hours]'))
  choice.addEventListener('click', async () => {
    await choose('hours', choice.dataset.hours, loadTimeline);
    showChosen();
  });
document.addEventListener('keydown', (event) => {
  if (event.key !== '/' || event.target.closest('input, select, dialog') !== null) return;
  event.preventDefault();
  byId('search').focus();
});

showChosen();
await refresh();
listen();
