/**
 * Line plots with two logarithmic axes, as SVG without any library: made for figures that grow over decades, where a
 * straight line of slope one is linear growth. Each series is named at its right end, so no legend is needed.
 */
export interface Series {
  readonly name: string;
  /** Greater than zero, ascending by x. */
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

export interface Plot {
  /** Name of the file in `docs/plots/`, without `.svg`. */
  readonly file: string;
  readonly title: string;
  readonly xTitle: string;
  readonly series: readonly Series[];
  /** Words for a power of ten on an axis. */
  readonly xTick: (value: number) => string;
  readonly yTick: (value: number) => string;
}

const WIDTH = 720;
const HEIGHT = 420;
/** Room around the plotted area; at the right for the names of the series. */
const EDGE = { left: 76, right: 190, top: 48, bottom: 52 };
/** Told apart also by people who see fewer colours. */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#aa4499', '#666666'];
const LABEL_GAP = 17;

interface Axis {
  readonly from: number;
  readonly to: number;
  at(value: number): number;
}

/** From the power of ten below the least value to the one above the greatest. */
function axis(values: readonly number[], start: number, end: number): Axis {
  const from = Math.floor(Math.log10(Math.min(...values)) + 1e-9);
  const to = Math.max(from + 1, Math.ceil(Math.log10(Math.max(...values)) - 1e-9));
  return { from, to, at: (value) => start + ((Math.log10(value) - from) / (to - from)) * (end - start) };
}

function decades({ from, to }: Axis): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => 10 ** (from + index));
}

export function renderPlot(plot: Plot): string {
  const points = plot.series.flatMap((series) => series.points);
  const x = axis(
    points.map((point) => point.x),
    EDGE.left,
    WIDTH - EDGE.right,
  );
  const y = axis(
    points.map((point) => point.y),
    HEIGHT - EDGE.bottom,
    EDGE.top,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" font-family="sans-serif" font-size="13">`,
    `<title>${escaped(plot.title)}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" rx="6" fill="#fff"/>`,
    text(EDGE.left, 26, plot.title, 'font-size="15" font-weight="bold" fill="#222"'),
    ...decades(x).map((value) => gridLine(x.at(value), undefined, plot.xTick(value))),
    ...decades(y).map((value) => gridLine(undefined, y.at(value), plot.yTick(value))),
    text((EDGE.left + WIDTH - EDGE.right) / 2, HEIGHT - 12, plot.xTitle, 'text-anchor="middle" fill="#444"'),
    ...plot.series.map((series, index) => curve(series, COLOURS[index % COLOURS.length] ?? '#222', x, y)),
    ...names(plot.series, y),
    '</svg>',
    '',
  ].join('\n');
}

function gridLine(x: number | undefined, y: number | undefined, label: string): string {
  const stroke = 'stroke="#ddd"';
  if (x !== undefined)
    return (
      `<line x1="${px(x)}" x2="${px(x)}" y1="${EDGE.top}" y2="${HEIGHT - EDGE.bottom}" ${stroke}/>` +
      text(x, HEIGHT - EDGE.bottom + 18, label, 'text-anchor="middle" fill="#444"')
    );
  const line = `<line x1="${EDGE.left}" x2="${WIDTH - EDGE.right}" y1="${px(y)}" y2="${px(y)}" ${stroke}/>`;
  return line + text(EDGE.left - 8, (y ?? 0) + 4, label, 'text-anchor="end" fill="#444"');
}

function curve({ points }: Series, colour: string, x: Axis, y: Axis): string {
  const places = points.map((point) => `${px(x.at(point.x))},${px(y.at(point.y))}`);
  const dots = places.map((place) => {
    const [cx, cy] = place.split(',');
    return `<circle cx="${cx}" cy="${cy}" r="3.5" fill="${colour}"/>`;
  });
  return `<polyline points="${places.join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/>${dots.join('')}`;
}

/** At the right ends of the curves, moved apart where they would overlap. */
function names(series: readonly Series[], y: Axis): string[] {
  const labels = series
    .map(({ name, points }, index) => ({
      name,
      colour: COLOURS[index % COLOURS.length],
      at: y.at(points.at(-1)?.y ?? 1),
    }))
    .sort((one, other) => one.at - other.at);
  let least = Number.NEGATIVE_INFINITY;
  return labels.map(({ name, colour, at }) => {
    least = Math.max(at, least + LABEL_GAP);
    return text(WIDTH - EDGE.right + 10, least + 4, name, `fill="${colour}"`);
  });
}

function text(x: number, y: number, words: string, attributes: string): string {
  return `<text x="${px(x)}" y="${px(y)}" ${attributes}>${escaped(words)}</text>`;
}

function px(value: number | undefined): string {
  return String(Math.round((value ?? 0) * 10) / 10);
}

function escaped(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
