/** Debian's Chromium, headless, and what the stories of the page ask of it. */
import { accessSync, constants, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { engineRequired } from '../support/engine.ts';
import { projectFile } from '../support/project.ts';

/** Limit for a step that takes well under a second, on a loaded machine. */
export const patienceMs = 30_000;

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-dev-shm-usage',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const executable = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  (path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  },
);

/** Skips the test where there is no browser; fails it where all tests are required. */
export function lacksBrowser(t: TestContext): boolean {
  if (executable !== undefined) return false;
  const reason = 'no Chromium is installed (Debian: apt-get install chromium)';
  if (engineRequired()) throw new Error(reason);
  t.skip(reason);
  return true;
}

export async function startBrowser(t: Pick<TestContext, 'after'>): Promise<Browser> {
  const browser = await chromium.launch({ executablePath: executable ?? '', args: flags, timeout: 60_000 });
  t.after(() => browser.close());
  return browser;
}

export const phone: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  isMobile: true,
  hasTouch: true,
};

export interface Visit {
  readonly page: Page;
  /** What the browser complained about: errors of scripts, of the content policy, of requests. */
  readonly complaints: string[];
}

/** Opens the page in a fresh profile for one test, and waits until all of its views are there. */
export async function visit(
  t: Pick<TestContext, 'after'>,
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Visit> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    reducedMotion: 'reduce',
    locale: 'en-GB',
    timezoneId: 'UTC',
    ...options,
  });
  t.after(() => context.close());
  context.setDefaultTimeout(patienceMs);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  await page.goto(url);
  await page.locator('body[data-ready]').waitFor();
  return { page, complaints };
}

/** Kept as an artifact of the run. */
export async function picture(page: Page, name: string): Promise<void> {
  mkdirSync(projectFile('artifacts'), { recursive: true });
  await page.screenshot({ path: join(projectFile('artifacts'), `page-${name}.png`) });
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe-core finds wrong, a line each. */
export async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const found = await page.evaluate<
    { id: string; help: string; nodes: { target: string[]; failureSummary: string }[] }[]
  >('axe.run().then(({ violations }) => JSON.parse(JSON.stringify(violations)))');
  return found.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${help}: ${target.join(' ')}: ${failureSummary}`),
  );
}
