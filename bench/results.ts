/** Turns samples into tables for the terminal and into the page `docs/benchmarks.md`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { type BenchRow, median } from './harness.ts';
import { type Plot, renderPlot } from './plot.ts';

export interface Result {
  readonly name: string;
  readonly title: string;
  readonly about: string | undefined;
  /** One list of rows per run. */
  readonly samples: readonly (readonly BenchRow[])[];
}

export interface Comparison {
  readonly name: string;
  readonly title: string;
  readonly pairs: readonly { readonly ours: readonly BenchRow[]; readonly theirs: readonly BenchRow[] }[];
}

/** Three significant digits, thousands apart. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
}

interface Summary {
  readonly row: BenchRow;
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
}

function summarise({ samples }: Result): Summary[] {
  return (samples[0] ?? []).map((row) => {
    const values = samples.flatMap((rows) =>
      rows.filter(({ measure }) => measure === row.measure).map(({ value }) => value),
    );
    return { row, median: median(values), lowest: Math.min(...values), highest: Math.max(...values) };
  });
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(head), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...rows.map(line)].join(
    '\n',
  );
}

export function resultTable(result: Result): string {
  const rows = summarise(result).map(({ row, median: middle, lowest, highest }) => [
    row.peer === true ? `_${row.measure}_` : row.measure,
    `${figure(middle)} ${row.unit}`,
    result.samples.length > 1 ? `${figure(lowest)}–${figure(highest)}` : '',
  ]);
  const about = result.about === undefined ? '' : `${result.about}\n\n`;
  return `## ${result.title} (\`${result.name}\`)\n\n${about}${table(['measure', 'median', 'lowest–highest'], rows)}\n`;
}

/** Ratio ours / theirs of each pair; below 1 is better where lower is better. */
export function compareTable({ name, title, pairs }: Comparison): string {
  const rows = (pairs[0]?.ours ?? []).map((row) => {
    const find = (list: readonly BenchRow[]): number =>
      list.find(({ measure }) => measure === row.measure)?.value ?? Number.NaN;
    const ratios = pairs.map(({ ours, theirs }) => find(ours) / find(theirs));
    const cells = [find, find].map((get, side) =>
      figure(median(pairs.map((pair) => get(side === 0 ? pair.ours : pair.theirs)))),
    );
    return [
      row.measure,
      row.unit,
      ...cells,
      figure(median(ratios)),
      ratios.map(figure).join(' '),
      verdict(row, ratios),
    ];
  });
  return `## ${title} (\`${name}\`)\n\n${table(['measure', 'unit', 'here', 'there', 'ratio', 'pair by pair', 'verdict'], rows)}\n`;
}

/** A word only where all pairs say the same, by more than a tenth. */
function verdict({ better, peer }: BenchRow, ratios: readonly number[]): string {
  if (better === undefined || peer === true) return '';
  const gains = ratios.map((ratio) => (better === 'lower' ? 1 / ratio : ratio));
  if (gains.every((gain) => gain > 1.1)) return 'better';
  return gains.every((gain) => gain < 1 / 1.1) ? 'WORSE' : '';
}

function machine(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${availableParallelism()} cores of ${model}, ${memory} GiB, ${process.platform} ${release()}, Node ${process.version}`;
}

/** Writes the page and gives its path. */
export function writePage(results: readonly Result[], runs: number): string {
  const head = [
    '# Benchmarks',
    '',
    'Made by `npm run bench`; `npm run bench -- NAME` runs one scenario, `--against PATH` compares with another checkout.',
    `Each figure is the median of ${runs} fresh processes, with the lowest and the highest.`,
    'Figures in italics are those of other programs or of the floor, from the same run.',
    '',
    `Machine: ${machine()}. Load average of the last 15 minutes at the end: ${figure(loadavg()[2] ?? Number.NaN)}`,
    '(the benchmarks alone make one or two of it; more is other work, which lengthens every time below).',
    '',
  ];
  const path = join('docs', 'benchmarks.md');
  writeFileSync(path, `${[...head, ...results.map(resultTable)].join('\n')}`);
  return path;
}

/** Draws the plots and gives their paths. */
export function writePlots(plots: readonly Plot[]): string[] {
  const folder = join('docs', 'plots');
  if (plots.length > 0) mkdirSync(folder, { recursive: true });
  return plots.map((plot) => {
    const path = join(folder, `${plot.file}.svg`);
    writeFileSync(path, renderPlot(plot));
    return path;
  });
}
