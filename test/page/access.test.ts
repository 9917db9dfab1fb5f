/** The page for everybody: by keyboard alone, on a phone, in the dark, read aloud. */
import assert from 'node:assert/strict';
import type { Locator, Page } from 'playwright-core';
import { barriers, phone, picture } from './browser.ts';
import { token } from './shop.ts';
import { act, jobRow, sees, showOutput, story } from './stage.ts';

const isFocused = (locator: Locator): Promise<boolean> =>
  locator.evaluate((node) => node === node.ownerDocument.activeElement);

/** Presses Tab until the element has the focus. */
async function tabTo(page: Page, locator: Locator): Promise<void> {
  for (let count = 0; count < 60; count += 1) {
    if (await isFocused(locator)) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`the Tab key does not reach ${locator}`);
}

story('everything can be done by keyboard alone', async (open) => {
  const { page } = await open();
  await page.keyboard.press('Tab');
  assert.ok(await isFocused(page.getByRole('link', { name: 'Skip to the jobs' })));
  await page.keyboard.press('/');
  assert.ok(await isFocused(page.getByLabel('Search')));
  await page.keyboard.type('backup');
  await page.getByText('1–1 of 1').waitFor();
  await tabTo(page, jobRow(page, 'backup').getByRole('button', { name: 'Run' }));
  await page.keyboard.press('Enter');
  await page.getByText('Actions need the token').waitFor();
  await page.keyboard.type(token);
  await page.keyboard.press('Enter');
  await sees(page, 'backup', 'exited 0');
  const show = page
    .locator('#execution-rows')
    .getByRole('button', { name: /output of backup/ })
    .first();
  await tabTo(page, show);
  await page.keyboard.press('Enter');
  await page.locator('#output-text').getByText('all saved').waitFor();
  await page.keyboard.press('Escape');
  assert.ok(await isFocused(show), 'the focus is back where it was');
});

story('the timeline is one stop of the Tab key, and arrow keys lead from bar to bar', async (open) => {
  const { page } = await open();
  await act(page, 'backup', 'Run');
  await sees(page, 'backup', 'exited 0');
  await jobRow(page, 'vacuum').getByRole('button', { name: 'Run' }).click();
  await sees(page, 'vacuum', 'exited 3');
  const bars = page.locator('.track > button');
  await bars.nth(1).waitFor();
  await tabTo(page, page.locator('.track > button[tabindex="0"]'));
  assert.equal(await page.locator('.track > button[tabindex="0"]').count(), 1);
  await page.keyboard.press('Home');
  assert.ok(await isFocused(bars.first()));
  await page.keyboard.press('ArrowRight');
  assert.ok(await isFocused(bars.nth(1)));
  await page.keyboard.press('Enter');
  await page.locator('#output[open]').waitFor();
});

story('what changes elsewhere does not take the focus away', async (open) => {
  const [mine, other] = [await open(), await open()];
  const button = jobRow(mine.page, 'vacuum').getByRole('button', { name: 'Pause' });
  await button.focus();
  await act(other.page, 'vacuum', 'Pause');
  await jobRow(mine.page, 'vacuum').getByText('held', { exact: true }).waitFor();
  assert.ok(await mine.page.evaluate('document.activeElement.closest("tr") !== null'));
  await jobRow(other.page, 'vacuum').getByRole('button', { name: 'Resume' }).click();
  await jobRow(mine.page, 'vacuum').getByText('armed', { exact: true }).waitFor();
});

story('on a phone nothing is wider than the screen, and every button is large enough', async (open) => {
  const { page } = await open(phone);
  assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 390);
  for (const button of await page.locator('main button:visible:not(.track > button)').all()) {
    const box = await button.boundingBox();
    assert.ok(box !== null && box.height >= 32, `${await button.innerText()}: ${box?.height} px`);
  }
  await act(page, 'backup', 'Run');
  await sees(page, 'backup', 'exited 0');
  await picture(page, 'phone');
  assert.deepEqual(await barriers(page), []);
});

for (const colorScheme of ['light', 'dark'] as const)
  story(`there is no barrier in ${colorScheme} colours, nor in a dialog`, async (open) => {
    const { page } = await open({ colorScheme });
    await jobRow(page, 'talk').getByRole('button', { name: 'Run' }).click();
    await page.getByText('Actions need the token').waitFor();
    assert.deepEqual(await barriers(page), []);
    await page.getByLabel('Token', { exact: true }).fill(token);
    await page.keyboard.press('Enter');
    await sees(page, 'talk', 'running');
    await picture(page, colorScheme);
    assert.deepEqual(await barriers(page), []);
    await showOutput(page, 'talk');
    await page.locator('#output-text > span').nth(3).waitFor();
    await picture(page, `output-${colorScheme}`);
    assert.deepEqual(await barriers(page), []);
  });
