/**
 * Makes the picture of the README: `node dist/test/page/picture.js http://127.0.0.1:8080/ docs/page.png`, with the
 * demonstration running there for some minutes.
 */
import { startBrowser, visit } from './browser.ts';

const [url = 'http://127.0.0.1:8080/', path = 'docs/page.png'] = process.argv.slice(2);
const cleanUp: (() => unknown)[] = [];
const owner = { after: (work: () => unknown) => void cleanUp.push(work) };
const browser = await startBrowser(owner);
const { page } = await visit(owner, browser, `${url}#hours=0.25`, { viewport: { width: 1280, height: 860 } });
await page.screenshot({ path });
for (const work of cleanUp.reverse()) await work();
