/**
 * Ids of services and jobs: readable, the same after a restart, and never equal for two different things.
 *
 * A service's id is its label values joined by `/`; a job's is its scope, `/` and its name. The scope is the service,
 * or `@` and the first 12 digits of the container's id where there is none (a rename changes the shown name only).
 * Characters that would make two joins equal (`/ % @ ~`), blanks and control characters are written as `%XX`.
 */
import type { ContainerId, JobId, ServiceId } from '../ids.ts';

/** What needs no second look; by far the most. */
const PLAIN = /^[\w.:-]{1,200}$/;
/** Longer parts are cut and told apart by a checksum, so that a hostile label can't fill the log through an id. */
const PART_LIMIT = 200;
/** Digits of a container's id in the ids of its jobs, unless two containers begin alike. */
export const SHORT_ID = 12;

/** Undefined for no values: the container belongs to no service. */
export function serviceIdOf(values: readonly string[]): ServiceId | undefined {
  return values.length === 0 ? undefined : (values.map(part).join('/') as ServiceId);
}

export function serviceJobId(service: ServiceId, job: string): JobId {
  return `${service}/${part(job)}` as JobId;
}

/** `digits`: how much of the container's id. */
export function containerJobId(container: ContainerId, job: string, digits: number): JobId {
  return `@${container.slice(0, digits)}/${part(job)}` as JobId;
}

function part(text: string): string {
  if (PLAIN.test(text)) return text;
  const escaped = text.replaceAll(/[/%@~\s\p{Cc}]/gu, (one) => {
    return `%${one.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
  });
  if (escaped.length <= PART_LIMIT) return escaped;
  return `${escaped.slice(0, PART_LIMIT)}~${checksum(text)}`;
}

/** FNV-1a over two different starts, 64 bits together, as text. */
function checksum(text: string): string {
  let one = 0x811c9dc5;
  let two = 0x2f0b4a27;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    one = Math.imul(one ^ code, 0x01000193);
    two = Math.imul(two ^ code, 0x01000193) + 0x9e37;
  }
  return (one >>> 0).toString(36) + (two >>> 0).toString(36);
}
