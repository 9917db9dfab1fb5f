/** The page's files, read once and kept in memory. */
import { readdir, readFile } from 'node:fs/promises';
import { extname } from 'node:path';

export interface PageFile {
  readonly type: string;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** Path, such as `/app.js`, to file; `/` is the page itself. */
export type Page = ReadonlyMap<string, PageFile>;

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
};

/** Beside the sources when they run as they are; compiled code finds it in the package. */
const places = [new URL('../page/', import.meta.url), new URL('../../../src/page/', import.meta.url)];

/** Empty if there is none: the API works without. */
export async function loadPage(): Promise<Page> {
  for (const place of places) {
    const names: readonly string[] = await readdir(place).catch(() => []);
    if (names.includes('index.html'))
      return new Map(await Promise.all(names.flatMap((name) => read(place, name))));
  }
  return new Map();
}

function read(place: URL, name: string): Promise<[string, PageFile]>[] {
  const type = types[extname(name)];
  if (type === undefined) return [];
  const load = async (): Promise<[string, PageFile]> => {
    const body = new Uint8Array(await readFile(new URL(name, place)));
    return [name === 'index.html' ? '/' : `/${name}`, { type, body }];
  };
  return [load()];
}
