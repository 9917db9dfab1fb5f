/**
 * Text from labels, job output and the engine is foreign. Before it reaches a log it is made harmless: one
 * record stays one line, and no terminal is steered by it. Escaped are C0 and C1 controls (ESC among them), the
 * line and paragraph separators, marks that change the direction of text or can't be seen, and lone surrogates.
 * Tab stays: it neither ends a line nor moves what was printed before.
 */
const unsafe =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this looks for
  /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

const shortForms: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r' };

function codeOf(character: string): string {
  const code = character.charCodeAt(0);
  return code < 0x100
    ? `\\x${code.toString(16).padStart(2, '0')}`
    : `\\u${code.toString(16).padStart(4, '0')}`;
}

/** Only printable ASCII: by far the most common text, told without the search above. */
const plain = /^[\t -~]*$/;

/** The text with each unsafe character written as `\n`, `\r`, `\xNN` or `\uNNNN`; the very same text if none is in it. */
export function escapeText(text: string): string {
  return plain.test(text) ? text : text.replace(unsafe, (found) => shortForms[found] ?? codeOf(found));
}

/**
 * A line of JSON with each unsafe character that JSON leaves as it is written as `\uNNNN`, which says the same.
 * The line must be valid JSON, without its line end.
 */
export function escapeJson(line: string): string {
  if (plain.test(line)) return line;
  return line.replace(unsafe, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
