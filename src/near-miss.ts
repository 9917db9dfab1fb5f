/** Finds what was probably meant. */

/** The candidate nearest to `text` within `most` edits, or undefined; the first one of equals. */
export function nearest<Word extends string>(
  text: string,
  candidates: Iterable<Word>,
  most: number,
): Word | undefined {
  let best: Word | undefined;
  let least = most + 1;
  for (const candidate of candidates) {
    const distance = editDistance(text, candidate, least);
    if (distance < least) {
      best = candidate;
      least = distance;
    }
  }
  return best;
}

/**
 * Edits (insert, delete, replace, swap neighbours) that turn `a` into `b`; `limit` if they are as many or more.
 * The lengths' difference is looked at first, so that a long text costs nothing.
 */
export function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  if (a === b) return 0;
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(
        (previous[column] ?? limit) + 1,
        (current[column - 1] ?? limit) + 1,
        (previous[column - 1] ?? limit) + (same ? 0 : 1),
      );
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) cost = Math.min(cost, (before[column - 2] ?? limit) + 1);
      current.push(cost);
    }
    if (Math.min(...current) >= limit) return limit;
    before = previous;
    previous = current;
  }
  return Math.min(previous[b.length] ?? limit, limit);
}
