/**
 * `last sun * * 3 0 0`: in a short cron text the position and its weekday are one field, and what is missing on
 * the left is filled here, before the trigger is compiled. The parser of triggers itself takes positions in texts
 * of eight fields only, since with fewer it can't tell `last sun` from two fields.
 */
const position = /^(?:1st|2nd|3rd|4th|5th|last)$/i;
const weekday = /^(?:mon|tue|wed|thu|fri|sat|sun)$/i;
const longest = 1000;
const fieldCount = 8;

/** The text with eight fields if it joins a position with a weekday, else the very same text. */
export function fillPositions(text: string): string {
  if (text.length > longest) return text;
  const fields: string[] = [];
  let joined = false;
  for (const word of text.trim().split(/\s+/)) {
    const before = fields.at(-1);
    if (before !== undefined && weekday.test(word) && position.test(before)) {
      fields[fields.length - 1] = `${before} ${word}`;
      joined = true;
    } else fields.push(word);
  }
  if (!joined || fields.length >= fieldCount) return text;
  return [...Array.from({ length: fieldCount - fields.length }, () => '*'), ...fields].join(' ');
}
