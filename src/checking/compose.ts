/**
 * Reads the labels of the services of a compose file, as compose would give them to the containers: labels as map
 * or list, anchors and merge keys, variables. All scalars are read as they are written (`0123` stays `0123`).
 */
import { isMap, isScalar, LineCounter, parseDocument, type YAMLMap } from 'yaml';
import { labelVariables } from '../label-settings.ts';
import { interpolate, type Variables } from './interpolation.ts';

export interface ComposeFile {
  /** The project that compose would make of it; with a service's name it decides when an `H` in a crontab fires. */
  readonly project: string;
  readonly services: readonly ComposeService[];
  /** Why the file can't be read; then there are no services. */
  readonly error?: string;
  /** Label-related variables of a chorewheel or deck-chores service in the same file, such as TIMEZONE. */
  readonly environment: Readonly<Record<string, string>>;
  /** What the check leaves out, for people. */
  readonly notes: readonly string[];
}

export interface ComposeService {
  readonly name: string;
  readonly labels: ReadonlyMap<string, LabelValue>;
  /** Labels under `deploy`: those of the Swarm service, which no container has. */
  readonly deployLabels: ReadonlyMap<string, LabelValue>;
}

export interface LabelValue {
  readonly text: string;
  /** Variables without a value: the text is not what compose would give. */
  readonly unknown: readonly string[];
  readonly mistake?: string;
  /** Where the label stands in the file, from 1; undefined if it came by an anchor. */
  readonly line?: number;
}

/** More nodes than this that come from anchors are no file that a person wrote. */
const maxAliasCount = 1000;

type Plain = string | readonly Plain[] | { readonly [key: string]: Plain } | null | undefined;

/** `folder`: the name of the folder in which the file is. */
export function readCompose(text: string, variables: Variables, folder = ''): ComposeFile {
  const nothing = { project: '', services: [], environment: {}, notes: [] };
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { schema: 'failsafe', merge: true, lineCounter });
  const [error] = document.errors;
  if (error !== undefined) return { ...nothing, error: error.message.trimEnd() };
  let root: Plain;
  try {
    root = document.toJS({ maxAliasCount }) as Plain;
  } catch (cause) {
    return { ...nothing, error: (cause as Error).message };
  }
  const services = isObject(root) ? root.services : undefined;
  if (!isObject(services))
    return { ...nothing, error: 'there is no map of services: is this a compose file?' };
  const line = (service: string, path: readonly string[], key: string): number | undefined => {
    const node = document.getIn(['services', service, ...path], true);
    const offset = isMap(node) ? offsetOf(node, key) : undefined;
    return offset === undefined ? undefined : lineCounter.linePos(offset).line;
  };
  return {
    project: projectOf(root, variables, folder),
    services: Object.entries(services).map(([name, service]) => readService(name, service, variables, line)),
    environment: schedulerEnvironment(services, variables),
    notes: notesOf(root as { readonly [key: string]: Plain }, services),
  };
}

function projectOf(root: Plain, variables: Variables, folder: string): string {
  const name = isObject(root) && typeof root.name === 'string' ? interpolate(root.name, variables).text : '';
  const given = variables.COMPOSE_PROJECT_NAME || name || folder;
  return given
    .toLowerCase()
    .replaceAll(/[^-_a-z0-9]/g, '')
    .replace(/^[-_]+/, '');
}

function isObject(value: Plain): value is { readonly [key: string]: Plain } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function offsetOf(map: YAMLMap, key: string): number | undefined {
  const found = map.items.find(({ key: node }) => isScalar(node) && node.value === key)?.key;
  return isScalar(found) ? found.range?.[0] : undefined;
}

type LineOf = (service: string, path: readonly string[], key: string) => number | undefined;

function readService(name: string, service: Plain, variables: Variables, lineOf: LineOf): ComposeService {
  const read = (labels: Plain, path: readonly string[]): ReadonlyMap<string, LabelValue> =>
    new Map(
      entriesOf(labels).map(([key, value]) => {
        const line = lineOf(name, path, key);
        return [key, { ...interpolate(value, variables), ...(line !== undefined && { line }) }];
      }),
    );
  const fields = isObject(service) ? service : {};
  const deploy = isObject(fields.deploy) ? fields.deploy : {};
  return {
    name,
    labels: read(fields.labels, ['labels']),
    deployLabels: read(deploy.labels, ['deploy', 'labels']),
  };
}

/** A map, or a list of `key=value`; what is neither has no entries. */
function entriesOf(value: Plain): readonly (readonly [string, string])[] {
  if (Array.isArray(value)) {
    return value.flatMap((item: Plain) => {
      if (typeof item !== 'string') return isObject(item) ? entriesOf(item) : [];
      const equals = item.indexOf('=');
      return equals === -1
        ? [[item, ''] as const]
        : [[item.slice(0, equals), item.slice(equals + 1)] as const];
    });
  }
  if (!isObject(value)) return [];
  return Object.entries(value).map(([key, text]) => [key, typeof text === 'string' ? text : ''] as const);
}

function schedulerEnvironment(
  services: { readonly [key: string]: Plain },
  variables: Variables,
): Readonly<Record<string, string>> {
  for (const service of Object.values(services)) {
    if (!isObject(service) || typeof service.image !== 'string') continue;
    if (!/(?:^|\/)(?:chorewheel|deck-chores)(?:[:@]|$)/.test(service.image)) continue;
    const entries = entriesOf(service.environment).filter(([key]) => Object.hasOwn(labelVariables, key));
    return Object.fromEntries(entries.map(([key, value]) => [key, interpolate(value, variables).text]));
  }
  return {};
}

function notesOf(
  root: { readonly [key: string]: Plain },
  services: { readonly [key: string]: Plain },
): readonly string[] {
  const notes: string[] = [];
  if (root.include !== undefined)
    notes.push('files named by "include" are not read: give them as arguments too');
  for (const [name, service] of Object.entries(services)) {
    if (!isObject(service)) continue;
    if (service.extends !== undefined) notes.push(`${name}: labels that come by "extends" are not seen`);
    if (service.label_file !== undefined) notes.push(`${name}: labels of its "label_file" are not seen`);
  }
  return notes;
}
