// The dialog with the output of one execution, live while it runs.
import { ask, post } from './api.js';
import { byId, element, outcomeOf, span } from './dom.js';

/** Lines that are kept; the page shall not grow with a command that never stops talking. */
const lineLimit = 5000;
let live;
let shown;

export async function openOutput(id) {
  live?.close();
  shown = id;
  byId('stop-output').hidden = true;
  const text = byId('output-text');
  text.replaceChildren();
  byId('output-title').textContent = 'Output';
  byId('output-state').replaceChildren();
  byId('output').showModal();
  text.focus();
  const path = `api/executions/${encodeURIComponent(id)}`;
  let execution;
  try {
    execution = await ask(path);
  } catch (error) {
    byId('output-state').textContent = error.message;
    return;
  }
  byId('output-title').textContent = `Output of ${execution.jobName} in ${execution.containerName}`;
  showState(execution);
  if (execution.outcome === 'running') follow(path, text);
  else showWhole(text, execution.output);
}

function showWhole(place, output) {
  if (output !== undefined && output !== '') place.textContent = output;
  else place.append(element('span', 'It wrote nothing.', 'soft'));
}

function follow(path, text) {
  live = new EventSource(`${path}/output`);
  live.addEventListener('line', (event) => {
    const line = JSON.parse(event.data);
    const atEnd = text.scrollHeight - text.scrollTop - text.clientHeight < 40;
    text.append(element('span', `${line.text}\n`, line.stream));
    if (text.childElementCount > lineLimit) text.firstElementChild.remove();
    if (atEnd) text.scrollTop = text.scrollHeight;
  });
  live.addEventListener('ended', (event) => {
    showState(JSON.parse(event.data));
    live.close();
  });
}

function showState(execution) {
  const { kind, sign, words } = outcomeOf(execution);
  const took = execution.durationMs === undefined ? '' : ` after ${span(execution.durationMs)}`;
  const reason = execution.reason === undefined ? '' : `: ${execution.reason}`;
  const pill = element('span', `${words}${took}${reason}`, `pill ${kind}`);
  pill.dataset.sign = sign;
  byId('output-state').replaceChildren(pill);
  if (execution.outcome !== 'running' && isFocused(byId('stop-output'))) byId('close-output').focus();
  byId('stop-output').hidden = execution.outcome !== 'running';
}

const isFocused = (node) => node === document.activeElement;

async function stop() {
  try {
    await post(`api/executions/${encodeURIComponent(shown)}/cancel`);
  } catch (error) {
    byId('output-state').textContent = error.message;
  }
}

byId('stop-output').addEventListener('click', stop);

byId('close-output').addEventListener('click', () => byId('output').close());
byId('output').addEventListener('close', () => live?.close());
