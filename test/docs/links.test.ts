/** No link in the documents leads nowhere. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { projectFile } from '../support/project.ts';
import { documents, results, textOf } from './documents.ts';

test('each link leads to a file, and to a heading of it', () => {
  for (const path of documents)
    for (const [, target = ''] of textOf(path).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const [file = '', anchor] = target.split('#');
      const place = file === '' ? path : normalize(join(dirname(path), file));
      if (results.includes(place) && !existsSync(projectFile(place))) continue;
      assert.ok(existsSync(projectFile(place)), `${path}: ${target}`);
      if (anchor !== undefined) assert.ok(anchors(place).includes(anchor), `${path}: ${target}`);
    }
});

/** As GitHub makes them of headings. */
function anchors(path: string): string[] {
  return [...textOf(path).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
