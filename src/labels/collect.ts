/** Sorts a container's labels: ours, those that tell its service, and those that look like a slip of ours. */
import type { LabelSettings } from '../configuration.ts';
import { editDistance } from '../near-miss.ts';
import { isAttribute } from './attributes.ts';

/** As the engine reports them. */
export type Labels = Readonly<Record<string, string>>;

/** What concerns us among the labels of a container. */
export interface Collected {
  /** Labels of our namespace, whole keys, image labels merged in. */
  readonly ours: readonly Label[];
  /** Values of `SERVICE_ID_LABELS`, in their order; undefined where the label is missing. */
  readonly service: readonly (string | undefined)[];
  /** Keys that look like ours but for their namespace. */
  readonly slips: readonly string[];
}

export interface Label {
  readonly key: string;
  readonly value: string;
  /** The image has the very same label: Docker copied it, or the container repeats it. */
  readonly inherited: boolean;
}

const nothing: readonly never[] = [];

/**
 * Image labels are merged under the container's own, which Docker does itself when it makes a container: doing it
 * again changes nothing.
 */
export function collect(labels: Labels, imageLabels: Labels | undefined, settings: LabelSettings): Collected {
  let ours: Label[] | undefined;
  let slips: string[] | undefined;
  const { namespace } = settings;
  for (const key in labels) {
    if (!Object.hasOwn(labels, key)) continue;
    if (isOurs(key, namespace)) {
      ours ??= [];
      ours.push({ key, value: textOf(labels, key), inherited: isInherited(labels, imageLabels, key) });
    } else if (looksLikeOurs(key, namespace)) {
      slips ??= [];
      slips.push(key);
    }
  }
  for (const key in imageLabels) {
    if (!isOurs(key, namespace) || !Object.hasOwn(imageLabels, key) || Object.hasOwn(labels, key)) continue;
    ours ??= [];
    ours.push({ key, value: textOf(imageLabels, key), inherited: true });
  }
  const service = settings.serviceIdLabels.map((key) => valueIn(labels, key) ?? valueIn(imageLabels, key));
  return { ours: ours ?? nothing, service, slips: slips ?? nothing };
}

export function isOurs(key: string, namespace: string): boolean {
  return key.startsWith(namespace) && (key.length === namespace.length || key[namespace.length] === '.');
}

function isInherited(labels: Labels, imageLabels: Labels | undefined, key: string): boolean {
  return imageLabels !== undefined && Object.hasOwn(imageLabels, key) && imageLabels[key] === labels[key];
}

/** The label's text, if the container has the label. */
export function valueIn(labels: Labels | undefined, key: string): string | undefined {
  return labels !== undefined && Object.hasOwn(labels, key) ? textOf(labels, key) : undefined;
}

/** The engine's labels are texts; other programs may hand over a number that they read from YAML. */
function textOf(labels: Labels, key: string): string {
  const value: unknown = labels[key];
  return typeof value === 'string' ? value : String(value ?? '');
}

/** What people write who take the program's name for the namespace. */
const programName = 'chorewheel';

/**
 * `deck-chore.x.command`, `DECK-CHORES.x.cron`, `chorewheel.x.command`: a namespace that is almost ours, with an
 * attribute of ours at the end. Another namespace is no slip: other instances are welcome.
 */
export function looksLikeOurs(key: string, namespace: string): boolean {
  const end = prefixEnd(key, namespace);
  if (end === undefined) return false;
  const prefix = key.slice(0, end).toLowerCase();
  const most = namespace.length < 6 ? 1 : 2;
  const near = prefix === programName || editDistance(prefix, namespace.toLowerCase(), most + 1) <= most;
  return near && hasAttribute(key.slice(end + 1));
}

/** Where the namespace would end, if its length can be right at all. */
function prefixEnd(key: string, namespace: string): number | undefined {
  const first = key.indexOf('.');
  if (first === programName.length && key.slice(0, first).toLowerCase() === programName) return first;
  let end = first;
  for (let dot = namespace.indexOf('.'); dot >= 0 && end >= 0; dot = namespace.indexOf('.', dot + 1)) {
    end = key.indexOf('.', end + 1);
  }
  return end < 0 || Math.abs(end - namespace.length) > 2 ? undefined : end;
}

function hasAttribute(rest: string): boolean {
  const dot = rest.indexOf('.');
  const attribute = rest.slice(dot + 1, dot + 20);
  return dot > 0 && (isAttribute(attribute) || attribute.startsWith('env.') || attribute === 'flags');
}
