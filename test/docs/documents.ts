/** README and `docs/` as tests read them: tables, code blocks, words in code style. */
import { readdirSync, readFileSync } from 'node:fs';
import { projectFile } from '../support/project.ts';

/** Paths from the project's root. */
export const documents: readonly string[] = [
  'README.md',
  ...readdirSync(projectFile('docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/** Pages made by runs of benchmarks and long tests: they also tell how these were run, and may not be there. */
export const results: readonly string[] = ['benchmarks', 'performance', 'reliability', 'scale'].map(
  (name) => `docs/${name}.md`,
);

/** What people wrote for people who use it. */
export const guides: readonly string[] = documents.filter((path) => !results.includes(path));

export function textOf(path: string): string {
  return readFileSync(projectFile(path), 'utf8');
}

/** The part of a text under a heading, up to the next one of that level. */
export function section(text: string, heading: string): string {
  const [, rest] = text.split(`\n## ${heading}\n`);
  if (rest === undefined) throw new Error(`there is no heading ${heading}`);
  return rest.split('\n## ')[0] ?? '';
}

/** The rows of all tables in a text, without their heads; the cells as they are written. */
export function tableRows(text: string): readonly (readonly string[])[] {
  const lines = text.split('\n');
  return lines
    .filter((line, index) => line.startsWith('|') && !isHead(line) && !isHead(lines[index + 1] ?? ''))
    .map((line) =>
      line
        .slice(1, line.lastIndexOf('|'))
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim().replaceAll('\\|', '|')),
    );
}

const isHead = (line: string): boolean => /^\|[\s|:-]+\|$/.test(line);

/** What stands between backquotes. */
export function codeWords(text: string): readonly string[] {
  return [...text.replaceAll(/```[\s\S]*?```/g, '').matchAll(/`([^`\n]+)`/g)].map(([, word]) => word ?? '');
}

export function codeBlocks(text: string, language: string): readonly string[] {
  return [...text.matchAll(/```(\w*)\n([\s\S]*?)```/g)].flatMap(([, name, body]) =>
    name === language ? [body ?? ''] : [],
  );
}
