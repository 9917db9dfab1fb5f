/** Generates containers with labels: kinds of trigger, services with replicas, labels that come from images. */

import type { ContainerSpec } from './container.ts';
import type { Random } from './random.ts';

export type JobKind = 'cron' | 'daily' | 'crontab' | 'interval' | 'date';

export interface Population {
  readonly containers: number;
  /** Jobs per container that has any; 1 if left out. */
  readonly jobs?: number;
  /** Share (0 to 1) of containers without any job of ours; 0 if left out. */
  readonly idle?: number;
  /** Kinds that take turns; all if left out. */
  readonly kinds?: readonly JobKind[];
  /** One trigger for all jobs instead of the kinds, as `['interval', 'every second']`. */
  readonly trigger?: readonly [attribute: string, text: string];
  /** Members per compose service; 0 = no services. */
  readonly replicas?: number;
  /** Share (0 to 1) of containers whose jobs come from their image's labels. */
  readonly fromImage?: number;
  /** Command of the jobs; `work` (the fleet's distributions) if left out. */
  readonly command?: string;
  /** Further labels of each job: attribute to value. */
  readonly attributes?: Readonly<Record<string, string>>;
  /** Prefix of labels; `deck-chores` if left out. */
  readonly namespace?: string;
}

export const ALL_KINDS: readonly JobKind[] = ['cron', 'daily', 'crontab', 'interval', 'date'];

/** Tag of the image whose labels define a job. */
export const JOB_IMAGE = 'jobs:latest';
export const PLAIN_IMAGE = 'busybox:latest';

export function imageLabels(population: Population): Record<string, string> {
  const prefix = `${population.namespace ?? 'deck-chores'}.from-image`;
  return { [`${prefix}.command`]: population.command ?? 'work', [`${prefix}.interval`]: 'hourly' };
}

/** The containers, in a fixed order for a seed; all running. */
export function populate(population: Population, random: Random): ContainerSpec[] {
  const specs: ContainerSpec[] = [];
  for (let index = 0; index < population.containers; index += 1) {
    const fromImage = random.next() < (population.fromImage ?? 0);
    const idle = random.next() < (population.idle ?? 0);
    specs.push({
      name: nameOf(population, index),
      image: fromImage ? JOB_IMAGE : PLAIN_IMAGE,
      state: 'running',
      labels: {
        ...serviceLabels(population, index),
        ...(idle || fromImage
          ? { 'org.example.note': `container ${index}` }
          : jobLabels(population, index, random)),
      },
    });
  }
  return specs;
}

function nameOf({ replicas = 0 }: Population, index: number): string {
  return replicas > 0 ? `app-s${Math.floor(index / replicas)}-${(index % replicas) + 1}` : `box-${index}`;
}

function serviceLabels({ replicas = 0 }: Population, index: number): Record<string, string> {
  if (replicas === 0) return {};
  return {
    'com.docker.compose.project': 'app',
    'com.docker.compose.service': `s${Math.floor(index / replicas)}`,
    'com.docker.compose.container-number': String((index % replicas) + 1),
    'com.docker.compose.oneoff': 'False',
  };
}

function jobLabels(population: Population, index: number, random: Random): Record<string, string> {
  const kinds = population.kinds ?? ALL_KINDS;
  const labels: Record<string, string> = {};
  for (let job = 0; job < (population.jobs ?? 1); job += 1) {
    const kind = kinds[(index * (population.jobs ?? 1) + job) % kinds.length] as JobKind;
    const prefix = `${population.namespace ?? 'deck-chores'}.job${job}`;
    labels[`${prefix}.command`] = population.command ?? 'work';
    const [attribute, text] = population.trigger ?? triggerLabel(kind, random);
    labels[`${prefix}.${attribute}`] = text;
    for (const [name, value] of Object.entries(population.attributes ?? {}))
      labels[`${prefix}.${name}`] = value;
  }
  return labels;
}

function triggerLabel(kind: JobKind, random: Random): [string, string] {
  const second = random.integer(0, 59);
  const minute = random.integer(0, 59);
  const hour = random.integer(0, 23);
  switch (kind) {
    case 'cron':
      return ['cron', `*/${random.pick([5, 10, 15])} ${second}`];
    case 'daily':
      return ['cron', `${hour} ${minute} ${second}`];
    case 'crontab':
      return ['crontab', `${minute} ${hour} * * ${random.integer(0, 6)}`];
    case 'interval':
      return ['interval', random.pick(['every minute', '30s', '5m', 'hourly', '90s'])];
    case 'date':
      return [
        'date',
        `2099-${String(random.integer(1, 12)).padStart(2, '0')}-01 ${String(hour).padStart(2, '0')}:00:00`,
      ];
  }
}
