/** Label sets as JSON lines: what `docker inspect --format '{{json .Config.Labels}}'` prints, or with a name. */

export interface LabelSet {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly imageLabels?: Readonly<Record<string, string>>;
  /** The line that can't be read, and why; then there are no labels. */
  readonly error?: string;
}

/**
 * Each line is an object of labels, or an object with `labels` and, if wished, `name` and `imageLabels`. Empty
 * lines are passed over.
 */
export function readLabelSets(text: string): readonly LabelSet[] {
  return text.split('\n').flatMap((line, index): LabelSet[] => {
    if (line.trim() === '') return [];
    const name = `line ${index + 1}`;
    try {
      return [readOne(name, JSON.parse(line))];
    } catch (error) {
      return [{ name, labels: {}, error: (error as Error).message }];
    }
  });
}

function readOne(name: string, value: unknown): LabelSet {
  if (!isRecord(value)) throw new Error('this is not an object of labels');
  if (!isRecord(value.labels)) return { name, labels: stringsOf(value) };
  return {
    name: typeof value.name === 'string' ? value.name : name,
    labels: stringsOf(value.labels),
    ...(isRecord(value.imageLabels) && { imageLabels: stringsOf(value.imageLabels) }),
  };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function stringsOf(value: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  const entries = Object.entries(value);
  const odd = entries.find(([, text]) => typeof text !== 'string');
  if (odd !== undefined) throw new Error(`the value of "${odd[0]}" is not a text`);
  return Object.fromEntries(entries) as Record<string, string>;
}
