/** The page in a real browser: stories on the whole program with a simulated engine. */
import assert from 'node:assert/strict';
import { token } from './shop.ts';
import { act, executionRow, giveToken, jobRow, sees, showOutput, story } from './stage.ts';

story('each job is shown in words with its next fire time', async (open) => {
  const { page, complaints } = await open();
  await page.locator('#health').getByText('healthy', { exact: true }).waitFor();
  const backup = await jobRow(page, 'backup').innerText();
  assert.match(backup, /every day at 03:30/);
  assert.match(backup, /in \d+ (h|min|s)/);
  assert.match(backup, /shop\/db · echo all saved/);
  assert.deepEqual(complaints, []);
});

story('mistakes in labels are shown with their fix', async (open) => {
  const { page } = await open();
  const problem = await page.locator('#problems li').innerText();
  assert.match(problem, /shop-sync-1, job tidy/);
  assert.match(problem, /Did you mean command\?/);
});

story('jobs are found by a part of their name and by state; a reload keeps the choice', async (open) => {
  const { page } = await open();
  await page.getByLabel('Search').fill('back');
  await page.getByText('1–1 of 1').waitFor();
  assert.equal(await page.locator('#job-rows tr').count(), 1);
  await page.getByLabel('State').selectOption('held');
  await page.getByText('No job matches.').waitFor();
  await page.reload();
  await page.getByText('No job matches.').waitFor();
  assert.equal(await page.getByLabel('Search').inputValue(), 'back');
});

story('an action asks for the token, again if it was wrong, and then happens', async (open) => {
  const { page } = await open();
  await jobRow(page, 'backup').getByRole('button', { name: 'Run' }).click();
  await page.getByText('Actions need the token').waitFor();
  await giveToken(page, 'wrong');
  await page.getByText('That was not the token').waitFor();
  assert.equal(await executionRow(page, 'backup').count(), 0);
  await giveToken(page, token);
  await sees(page, 'backup', 'exited 0');
  await page.getByRole('button', { name: /^backup, .*exited 0/ }).waitFor();
});

story('an action that is cancelled at the question for the token does not happen', async (open) => {
  const { page } = await open();
  await jobRow(page, 'talk').getByRole('button', { name: 'Pause' }).click();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.locator('#token-dialog').waitFor({ state: 'hidden' });
  await jobRow(page, 'talk').getByText('armed', { exact: true }).waitFor();
});

story('the output of an execution that has ended can be read', async (open) => {
  const { page } = await open();
  await act(page, 'backup', 'Run');
  await sees(page, 'backup', 'exited 0');
  await showOutput(page, 'backup');
  await page.locator('#output-text').getByText('all saved').waitFor();
  assert.match(await page.locator('#output-state').innerText(), /exited 0/);
  await page.keyboard.press('Escape');
  await page.locator('#output').waitFor({ state: 'hidden' });
});

story('failures can be looked at alone, and the history of one job', async (open) => {
  const { page } = await open();
  await act(page, 'vacuum', 'Run');
  await sees(page, 'vacuum', 'exited 3');
  await jobRow(page, 'backup').getByRole('button', { name: 'Run' }).click();
  await sees(page, 'backup', 'exited 0');
  await page.getByLabel('Outcome').selectOption('failed');
  await executionRow(page, 'backup').first().waitFor({ state: 'detached' });
  assert.ok((await executionRow(page, 'vacuum').count()) > 0);
  await page.getByLabel('Outcome').selectOption('');
  await jobRow(page, 'backup').getByRole('button', { name: 'History' }).click();
  await executionRow(page, 'vacuum').first().waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Show those of all jobs' }).click();
  await executionRow(page, 'vacuum').first().waitFor();
});

story('a job is paused and goes on', async (open) => {
  const { page } = await open();
  await act(page, 'vacuum', 'Pause');
  await jobRow(page, 'vacuum').getByText('held', { exact: true }).waitFor();
  await jobRow(page, 'vacuum').getByRole('button', { name: 'Resume' }).click();
  await jobRow(page, 'vacuum').getByText('armed', { exact: true }).waitFor();
});

story('the output of a running execution is shown as it comes, and it can be stopped', async (open) => {
  const { page, complaints } = await open();
  await act(page, 'talk', 'Run');
  await sees(page, 'talk', 'running');
  await showOutput(page, 'talk');
  const lines = page.locator('#output-text > span');
  await lines.nth(2).waitFor();
  await lines.nth((await lines.count()) + 1).waitFor();
  assert.match(await page.locator('#output-state').innerText(), /running/);
  await page.getByRole('button', { name: 'Stop it' }).click();
  await page.locator('#output-state').getByText('cancelled').waitFor();
  assert.deepEqual(unexpected(complaints), []);
});

story('text of labels and output is shown as text, whatever it looks like', async (open) => {
  const { page, complaints } = await open();
  await act(page, 'hostile', 'Run');
  await sees(page, 'hostile', 'exited 0');
  await showOutput(page, 'hostile');
  await page.locator('#output-text').getByText('<img src=x onerror=alert(1)>').waitFor();
  assert.match(await jobRow(page, 'hostile').innerText(), /<img src=x onerror=alert\(1\)>/);
  assert.equal(await page.locator('main img, dialog img').count(), 0);
  assert.deepEqual(unexpected(complaints), []);
});

story('the page says so when the program is gone', async (open, shop) => {
  const { page } = await open();
  await shop.program.stop();
  await page.locator('#health').getByText('no answer').waitFor();
});

/** A refused action is told on the console by every browser. */
function unexpected(complaints: readonly string[]): string[] {
  return complaints.filter((text) => !text.includes('401'));
}
