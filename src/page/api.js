// Questions to the API, and actions with the token that the visitor gives.
import { byId } from './dom.js';

let token = '';

export async function ask(path, options = {}) {
  const headers = token === '' ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(path, { ...options, headers });
  const answer = await response.json().catch(() => ({ error: `status ${response.status}` }));
  if (!response.ok && path !== 'healthz') throw failure(answer.error, response.status);
  return answer;
}

function failure(message, status) {
  const error = new Error(message ?? `status ${status}`);
  error.status = status;
  return error;
}

export function query(values) {
  const given = Object.entries(values).filter(([, value]) => value !== '' && value !== undefined);
  return new URLSearchParams(given).toString();
}

/** Resolves with false if the visitor was asked for the token and did not give it. */
export async function post(path) {
  for (;;) {
    try {
      await ask(path, { method: 'POST' });
      return true;
    } catch (error) {
      if (error.status !== 401) throw error;
      if (!(await askForToken(token !== ''))) return false;
    }
  }
}

function askForToken(wasWrong) {
  const dialog = byId('token-dialog');
  byId('token-title').textContent = wasWrong ? 'That was not the token' : 'Actions need the token';
  byId('token').value = '';
  token = '';
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => resolve(token !== ''), { once: true });
  });
}

byId('token-form').addEventListener('submit', (event) => {
  event.preventDefault();
  token = byId('token').value;
  byId('token-dialog').close();
});
byId('cancel-token').addEventListener('click', () => byId('token-dialog').close());
