/** Labels with what they must mean, written down independently of this program (`test/vectors/labels.jsonl`). */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { JobDefinition } from '../../src/labels/definition.ts';
import { parseLabels } from '../../src/parse-labels.ts';
import { projectFile } from '../support/project.ts';

interface ExpectedTrigger {
  readonly kind: string;
  readonly seconds?: number;
  readonly instant?: string;
  readonly fields?: readonly string[];
}

interface ExpectedJob {
  readonly command: string;
  readonly trigger: ExpectedTrigger;
  readonly timezone: string;
  readonly user: string;
  readonly max: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly workdir: string | null;
  readonly jitter: number | null;
}

interface Vector {
  readonly note: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly image_labels: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  readonly expect: {
    readonly jobs: Readonly<Record<string, ExpectedJob>>;
    readonly rejected: readonly string[];
    readonly flags: readonly string[];
    readonly service_id: readonly string[];
  };
}

function triggerOf({ trigger }: JobDefinition): ExpectedTrigger {
  switch (trigger.kind) {
    case 'interval':
      return { kind: trigger.kind, seconds: trigger.periodMs / 1000 };
    case 'date':
      return { kind: trigger.kind, instant: new Date(trigger.at).toISOString().replace('.000Z', 'Z') };
    default:
      return { kind: trigger.kind, fields: fieldsOf(trigger.text) };
  }
}

/** A cron text's eight fields; positions and their weekday are one. */
function fieldsOf(text: string): readonly string[] {
  const fields = text.replace(/\b(1st|2nd|3rd|4th|5th|last) (?=[a-z])/g, '$1_').split(' ');
  while (fields.length < 8) fields.unshift('*');
  return fields.map((field) => field.replace('_', ' '));
}

function jobOf(job: JobDefinition): ExpectedJob {
  return {
    command: job.command,
    trigger: triggerOf(job),
    timezone: job.trigger.timezone,
    user: job.user,
    max: job.max,
    environment: Object.fromEntries(job.environment.map((entry) => entry.split(/=(.*)/s).slice(0, 2))),
    workdir: job.workdir === '' ? null : job.workdir,
    jitter: job.jitterMs === 0 ? null : job.jitterMs / 1000,
  };
}

function expected(vector: Vector): Vector['expect'] {
  const jobs = Object.entries(vector.expect.jobs).map(([name, job]) => [
    name,
    { ...job, jitter: job.jitter || null },
  ]);
  return { ...vector.expect, jobs: Object.fromEntries(jobs) };
}

const lines = readFileSync(projectFile('test/vectors/labels.jsonl'), 'utf8').trim().split('\n');

for (const [index, line] of lines.entries()) {
  const vector = JSON.parse(line) as Vector;
  test(`labels, line ${index + 1}: ${vector.note}`, () => {
    const parsed = parseLabels(vector.labels, { imageLabels: vector.image_labels, env: vector.env });
    const rejected = parsed.problems
      .filter(({ severity }) => severity === 'rejected')
      .map(({ job }) => job ?? '');
    const found = {
      jobs: Object.fromEntries(parsed.jobs.map((job) => [job.name, jobOf(job)])),
      rejected: rejected.sort(),
      flags: parsed.flags,
      service_id: parsed.serviceId,
    };
    assert.deepEqual(found, expected(vector));
  });
}
