/** Tables and colours for the terminal. Cells are foreign text: control characters in them are escaped. */
import { styleText } from 'node:util';
import { escapeText } from '../escape.ts';

export type Style = Parameters<typeof styleText>[0];

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string;
  readonly style?: (row: Row) => Style | undefined;
  readonly right?: boolean;
  /** Longer cells are cut with `…`; characters. */
  readonly max?: number;
}

/** The text in colour, or as it is. */
export function styled(text: string, style: Style | undefined, colour: boolean): string {
  return style === undefined || !colour || text === ''
    ? text
    : styleText(style, text, { validateStream: false });
}

function shorten(text: string, max: number | undefined): string {
  return max !== undefined && text.length > max ? `${text.slice(0, max - 1)}…` : text;
}

/** A line for the titles and one for each row, without spaces at their ends. */
export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[], colour: boolean): string {
  const cells = rows.map((row) => columns.map((column) => shorten(escapeText(column.cell(row)), column.max)));
  const widths = columns.map((column, index) =>
    cells.reduce((widest, line) => Math.max(widest, (line[index] ?? '').length), column.title.length),
  );
  const pad = (text: string, index: number): string => {
    const width = widths[index] ?? 0;
    if (columns[index]?.right === true) return text.padStart(width);
    return index === columns.length - 1 ? text : text.padEnd(width);
  };
  const titles = columns.map((column, index) => styled(pad(column.title, index), 'bold', colour)).join('  ');
  const lines = rows.map((row, line) =>
    columns
      .map((column, index) => styled(pad(cells[line]?.[index] ?? '', index), column.style?.(row), colour))
      .join('  '),
  );
  return `${[titles, ...lines].map((line) => line.trimEnd()).join('\n')}\n`;
}
