/** Ten thousand jobs do not make the page slow. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lacksBrowser, picture, startBrowser, visit } from './browser.ts';
import { openShop } from './shop.ts';

const jobs = 10_000;
const intervals = ['hourly', '10 minutes', 'daily', '90 seconds'];

const herd = Array.from({ length: jobs }, (_, index) => ({
  name: `herd-${index}`,
  labels: {
    'deck-chores.work.command': 'sleep 1',
    'deck-chores.work.interval': intervals[index % intervals.length] ?? 'daily',
  },
}));

test('the first view with 10,000 jobs is there at once, and so is a search', {
  timeout: 120_000,
}, async (t) => {
  if (lacksBrowser(t)) return;
  const [shop, browser] = await Promise.all([openShop(t, herd), startBrowser(t)]);
  // The first visit wakes the API, whose code is loaded late.
  const first = await readyAfter((await visit(t, browser, shop.url)).page);
  const { page } = await visit(t, browser, shop.url);
  const second = await readyAfter(page);
  t.diagnostic(`first view with ${jobs} jobs: ${first.toFixed(0)} ms, then ${second.toFixed(0)} ms`);
  await page.getByText(`1–100 of ${jobs + 4}`).waitFor();
  const began = performance.now();
  await page.getByLabel('Search').fill('herd-9999');
  await page.getByText('1–1 of 1').waitFor();
  const searched = performance.now() - began;
  t.diagnostic(`search: ${searched.toFixed(0)} ms`);
  await picture(page, 'large');
  // Ten times what it takes: the machine may be busy.
  assert.ok(first < 5000 && second < 5000, `${first} ms, ${second} ms`);
  assert.ok(searched < 5000, `${searched} ms`);
});

const readyAfter = (page: Awaited<ReturnType<typeof visit>>['page']): Promise<number> =>
  page.evaluate('performance.getEntriesByName("ready")[0].startTime');
