/** The variables that decide how labels are read; the public `parseLabels` and the daemon share them. */
import * as v from 'valibot';
import type { LabelSettings } from './configuration.ts';
import { readGrace } from './labels/attributes.ts';
import { commaList, readDefaultFlags } from './labels/flags.ts';
import { readNamePattern } from './labels/name-pattern.ts';
import { type Reading, readWhole } from './labels/reading.ts';
import { quote } from './labels/text.ts';
import { readTimezone } from './labels/timezone.ts';
import { variable, variableOrEmpty } from './variable.ts';

const identityOfCompose = 'com.docker.compose.project,com.docker.compose.service';

export const labelVariables = {
  DEFAULT_FLAGS: variableOrEmpty('image,service', readDefaultFlags),
  DEFAULT_MAX: variable('1', readWhole(1, Number.MAX_SAFE_INTEGER)),
  JOB_NAME_REGEX: variable('[a-z0-9-]+', readNamePattern),
  LABEL_NAMESPACE: variable('deck-chores', readNamespace),
  MISFIRE_GRACE: variable('unlimited', readGrace),
  SERVICE_ID_LABELS: variableOrEmpty(identityOfCompose, readServiceLabels),
  TIMEZONE: variable('UTC', (text) => readTimezone(text.trim().replaceAll(' ', '_'))),
} as const;

const schema = v.object(labelVariables);

export function labelSettingsOf(read: v.InferOutput<typeof schema>): LabelSettings {
  return {
    namespace: read.LABEL_NAMESPACE,
    defaultFlags: read.DEFAULT_FLAGS,
    defaultMax: read.DEFAULT_MAX,
    jobName: read.JOB_NAME_REGEX,
    serviceIdLabels: read.SERVICE_ID_LABELS,
    timezone: read.TIMEZONE,
    grace: read.MISFIRE_GRACE,
  };
}

function readNamespace(text: string): Reading<string> {
  const shape = /^[^\s\p{C}.]+(?:\.[^\s\p{C}.]+)*$/u;
  if (text.length <= 128 && shape.test(text)) return { ok: true, value: text };
  return {
    ok: false,
    message: `${quote(text)} is no namespace: parts joined by single dots, without blanks, are expected, 128 characters at most`,
  };
}

function readServiceLabels(text: string): Reading<readonly string[]> {
  const labels = [...new Set(commaList(text))];
  if (labels.length <= 20) return { ok: true, value: labels };
  return { ok: false, message: `${quote(text)} lists more than 20 labels` };
}
