/** One browser, and one shop with its page, for all stories of a file. */
import { after, test } from 'node:test';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { lacksBrowser, startBrowser, type Visit, visit } from './browser.ts';
import { openShop, type Shop, token } from './shop.ts';

interface Stage {
  readonly shop: Shop;
  readonly browser: Browser;
}

/** Opens the page in a fresh profile. */
export type Open = (options?: BrowserContextOptions) => Promise<Visit>;

const cleanUp: (() => unknown)[] = [];
let stage: Promise<Stage> | undefined;

after(async () => {
  for (const work of cleanUp.reverse()) await work();
});

async function build(): Promise<Stage> {
  const owner = { after: (work: () => unknown) => void cleanUp.push(work) };
  const [shop, browser] = await Promise.all([openShop(owner), startBrowser(owner)]);
  return { shop, browser };
}

/** A test with the page open to it; skipped, or failed, where there is no browser. */
export function story(name: string, body: (open: Open, shop: Shop) => Promise<void>): void {
  test(name, { timeout: 120_000 }, async (t) => {
    if (lacksBrowser(t)) return;
    stage ??= build();
    const { shop, browser } = await stage;
    await body((options) => visit(t, browser, shop.url, options), shop);
  });
}

export const jobRow = (page: Page, name: string): Locator =>
  page.locator('#job-rows tr').filter({ hasText: name });

export const executionRow = (page: Page, name: string): Locator =>
  page.locator('#execution-rows tr').filter({ hasText: name });

/** Presses a button of a job's row, in a page that does not know the token yet, and gives it. */
export async function act(page: Page, job: string, verb: string): Promise<void> {
  await jobRow(page, job).getByRole('button', { name: verb }).click();
  await giveToken(page, token);
  await page.locator('#said').filter({ hasText: job }).waitFor();
}

export async function giveToken(page: Page, text: string): Promise<void> {
  await page.getByLabel('Token', { exact: true }).fill(text);
  await page.getByRole('button', { name: 'Go on' }).click();
}

/** The page tells by itself that an execution came to this. */
export async function sees(page: Page, job: string, outcome: string): Promise<void> {
  await executionRow(page, job).filter({ hasText: outcome }).first().waitFor();
}

/** Opens the output of a job's newest execution. */
export async function showOutput(page: Page, job: string): Promise<void> {
  await executionRow(page, job).getByRole('button', { name: 'Show' }).first().click();
}
