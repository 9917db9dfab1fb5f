import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ContainerId, ExecutionId, JobId, ServiceId, WallMs } from '../src/ids.ts';
import type { Problem } from '../src/labels/definition.ts';
import type { LogRecord } from '../src/log.ts';
import { renderJob, renderProcess, renderWarning, renderWatcherEvent } from '../src/process-report.ts';
import { redactCommand } from '../src/redact.ts';
import { render } from '../src/report.ts';
import type { Execution } from '../src/scheduling/events.ts';
import type { JobSubject, Report } from '../src/scheduling/reports.ts';
import { durationWords } from '../src/words.ts';
import { calendar, job } from './support/builders.ts';

const three = Date.UTC(2026, 10, 26, 3) as WallMs;
const four = Date.UTC(2026, 10, 26, 4) as WallMs;
const canary = 'CANARY-VALUE';

const subject: JobSubject = {
  job: 'web.backup' as JobId,
  jobName: 'backup',
  container: 'c1' as ContainerId,
  containerName: 'web',
  service: 'shop.web' as ServiceId,
};

const definition = job('backup', {
  command: `backup --password ${canary}`,
  words: ['backup', '--password', canary],
  trigger: { ...calendar(60_000), text: '3 0 0', timezone: 'Europe/Berlin' },
  environment: [`SECRET=${canary}`],
});

const execution: Execution = {
  id: 'e1' as ExecutionId,
  job: subject.job,
  definition,
  container: subject.container,
  containerName: 'web',
  service: subject.service,
  fireTime: three,
  latenessMs: 2.4,
  startedAt: three,
  cause: 'schedule',
};

function problem(more: Partial<Problem>): Report {
  return {
    kind: 'problem',
    container: subject.container,
    containerName: 'web',
    problem: {
      job: 'backup',
      labels: ['deck-chores.backup.max'],
      message: 'is "0", but must be at least 1',
      severity: 'rejected',
      ...more,
    },
  };
}

function ended(outcome: Extract<Report, { kind: 'execution ended' }>['outcome']): Report {
  return { kind: 'execution ended', execution, outcome, durationMs: 2100 };
}

/** report | level | event | message */
const cases: readonly (readonly [Report, LogRecord['level'], string, string])[] = [
  [
    { kind: 'job added', subject, trigger: '3 0 0', timezone: 'Europe/Berlin', next: three },
    'INFO',
    'job_added',
    'backup in web is scheduled: 3 0 0 (Europe/Berlin), next at 2026-11-26 04:00:00 Europe/Berlin',
  ],
  [
    { kind: 'job added', subject, trigger: '2020-01-01', timezone: 'UTC', next: undefined },
    'WARNING',
    'job_added',
    'backup in web is scheduled: 2020-01-01 (UTC), but its fire times are all in the past: it does not run',
  ],
  [
    { kind: 'job removed', subject, reason: 'its container stopped' },
    'INFO',
    'job_removed',
    'backup in web is no longer scheduled: its container stopped',
  ],
  [
    { kind: 'job moved', subject, from: 'web-2', reason: 'it stopped' },
    'INFO',
    'job_moved',
    'backup in web takes over from web-2: it stopped',
  ],
  [
    { kind: 'job suspended', subject, reason: 'its container is paused' },
    'INFO',
    'job_suspended',
    'backup in web is suspended: its container is paused',
  ],
  [
    { kind: 'job resumed', subject, next: three },
    'INFO',
    'job_resumed',
    'backup in web is scheduled again, next at 2026-11-26 03:00:00 UTC',
  ],
  [
    { kind: 'job finished', subject, reason: 'its date has passed' },
    'INFO',
    'job_finished',
    'backup in web does not fire any more: its date has passed',
  ],
  [{ kind: 'execution started', execution }, 'INFO', 'execution_started', 'backup in web starts'],
  [
    { kind: 'execution started', execution: { ...execution, latenessMs: 65_000 } },
    'INFO',
    'execution_started',
    'backup in web starts, 1 min 5 s late',
  ],
  [
    { kind: 'execution started', execution: { ...execution, cause: 'run now' } },
    'INFO',
    'execution_started',
    'backup in web starts at request',
  ],
  [
    { kind: 'execution started', execution: { ...execution, cause: 'catch-up', latenessMs: 3_600_000 } },
    'INFO',
    'execution_started',
    'backup in web starts to catch up for 2026-11-26 04:00:00 Europe/Berlin, 1 h late',
  ],
  [
    { kind: 'execution waits', subject, fireTime: three, reason: 'the pool is full' },
    'DEBUG',
    'execution_waits',
    'backup in web is due and waits: the pool is full',
  ],
  [
    ended({ kind: 'exited', exitCode: 0 }),
    'INFO',
    'execution_ended',
    'backup in web ended with exit code 0 after 2.1 s',
  ],
  [
    ended({ kind: 'exited', exitCode: 3 }),
    'ERROR',
    'execution_ended',
    'backup in web failed with exit code 3 after 2.1 s',
  ],
  [
    ended({ kind: 'exited', exitCode: 137 }),
    'ERROR',
    'execution_ended',
    'backup in web failed with exit code 137 (signal 9) after 2.1 s',
  ],
  [
    ended({ kind: 'failed to start', reason: 'no such file: backup' }),
    'ERROR',
    'execution_ended',
    'backup in web could not start: no such file: backup',
  ],
  [
    ended({ kind: 'timeout', stopped: true, detail: 'TERM was enough' }),
    'ERROR',
    'execution_ended',
    'backup in web ran into its timeout after 2.1 s and was stopped: TERM was enough',
  ],
  [
    ended({ kind: 'timeout', stopped: false, detail: 'there is no shell' }),
    'ERROR',
    'execution_ended',
    'backup in web ran into its timeout after 2.1 s and could not be stopped: there is no shell',
  ],
  [
    ended({ kind: 'cancelled', stopped: true, detail: 'TERM was enough' }),
    'WARNING',
    'execution_ended',
    'backup in web was cancelled after 2.1 s and stopped: TERM was enough',
  ],
  [
    ended({ kind: 'container gone' }),
    'ERROR',
    'execution_ended',
    'backup in web was cut off after 2.1 s: its container stopped or was removed',
  ],
  [
    ended({ kind: 'worker lost', reason: 'out of memory' }),
    'ERROR',
    'execution_ended',
    'backup in web ended in an unknown way: the worker thread that carried it was lost (out of memory)',
  ],
  [
    ended({ kind: 'unknown', reason: 'the engine forgot it' }),
    'ERROR',
    'execution_ended',
    'backup in web ended in an unknown way after 2.1 s: the engine forgot it',
  ],
  [
    { kind: 'skipped', subject, fireTime: three, reason: 'overlap' },
    'WARNING',
    'execution_skipped',
    'backup in web skips the execution due at 2026-11-26T03:00:00.000Z: as many as its `max` allows still run',
  ],
  [
    {
      kind: 'skipped',
      subject,
      fireTime: three,
      reason: 'paused',
      range: { until: four, count: 61, exact: true },
    },
    'INFO',
    'execution_skipped',
    'backup in web skips 61 executions due from 2026-11-26T03:00:00.000Z to 2026-11-26T04:00:00.000Z: its container is paused',
  ],
  [
    { kind: 'misfired', subject, fireTime: three, latenessMs: 90_000, graceMs: 60_000 },
    'WARNING',
    'execution_misfired',
    'backup in web does not run the execution due at 2026-11-26T03:00:00.000Z: it would be 1 min 30 s late, more than its grace of 1 min',
  ],
  [
    {
      kind: 'missed',
      subject,
      from: three,
      to: four,
      count: 2,
      exact: true,
      policy: 'skip',
      running: 0,
    },
    'WARNING',
    'executions_missed',
    'backup in web missed 2 fire times from 2026-11-26T03:00:00.000Z to 2026-11-26T04:00:00.000Z, while nothing could run it; none is made up for (its catch-up is skip)',
  ],
  [
    {
      kind: 'missed',
      subject,
      from: three,
      to: four,
      count: 100,
      exact: false,
      policy: 'once',
      running: 1,
    },
    'WARNING',
    'executions_missed',
    'backup in web missed at least 100 fire times from 2026-11-26T03:00:00.000Z to 2026-11-26T04:00:00.000Z, while nothing could run it; 1 of them runs now',
  ],
  [
    { kind: 'abandoned', subject, fireTime: three, execution: undefined, reason: 'chorewheel stops' },
    'WARNING',
    'execution_abandoned',
    'backup in web abandons the execution due at 2026-11-26T03:00:00.000Z: chorewheel stops',
  ],
  [
    { kind: 'abandoned', subject, fireTime: three, execution, reason: 'STOP_TIMEOUT passed' },
    'WARNING',
    'execution_abandoned',
    'backup in web abandons a running execution, which goes on in its container: STOP_TIMEOUT passed',
  ],
  [
    problem({ hint: 'write 1' }),
    'WARNING',
    'job_rejected',
    'backup in web does not run: deck-chores.backup.max: is "0", but must be at least 1 (write 1)',
  ],
  [
    problem({ severity: 'warning', message: 'deck-chores.backup.max is odd' }),
    'WARNING',
    'label_warning',
    'backup in web: deck-chores.backup.max is odd',
  ],
  [
    problem({ job: undefined, severity: 'warning', labels: ['deck-chores.x'], message: 'has no job part' }),
    'WARNING',
    'label_warning',
    'Labels of web: deck-chores.x: has no job part',
  ],
];

for (const [report, level, event, message] of cases) {
  test(`"${message}" tells of a report ${report.kind}`, () => {
    const record = render(report);
    assert.equal(record.message, message);
    assert.equal(record.level, level);
    assert.equal(record.event, event);
    assert.equal(record.fields?.job, report.kind === 'problem' ? report.problem.job : 'backup');
    assert.equal(record.fields?.container, 'web');
    assert.doesNotMatch(JSON.stringify(record), new RegExp(canary));
  });
}

test('the fields of an end name all that a program asks for', () => {
  assert.deepEqual(render(ended({ kind: 'exited', exitCode: 3 })).fields, {
    job: 'backup',
    job_id: 'web.backup',
    container: 'web',
    container_id: 'c1',
    service: 'shop.web',
    execution: 'e1',
    fire_time: '2026-11-26T03:00:00.000Z',
    lateness_ms: 2,
    duration_ms: 2100,
    outcome: 'exited',
    exit_code: 3,
  });
});

test('a job of the SIGUSR1 list shows all of it but no value of its environment', () => {
  const record = renderJob({
    id: subject.job,
    name: 'backup',
    container: subject.container,
    containerName: 'web',
    service: subject.service,
    trigger: definition.trigger,
    definition,
    nextFireTime: three,
    running: 1,
    waiting: 0,
    state: 'armed',
  });
  assert.equal(
    record.message,
    'backup in web [web.backup], service shop.web: cron 3 0 0 (Europe/Berlin), next at 2026-11-26 04:00:00 Europe/Berlin, armed, 1 running, 0 waiting; runs backup --password ***',
  );
  assert.doesNotMatch(JSON.stringify(record), new RegExp(canary));
});

test('the process tells its life in sentences', () => {
  const messages = [
    renderProcess({
      kind: 'started',
      version: '1.0.0',
      engine: 'unix:/run/docker.sock',
      namespace: 'deck-chores',
    }),
    renderProcess({ kind: 'ready', containers: 1, jobs: 2, afterMs: 412 }),
    renderProcess({ kind: 'refused', namespace: 'deck-chores', holder: 'process 7 on officer' }),
    renderProcess({ kind: 'draining', signal: 'SIGTERM', running: 1, stopTimeoutMs: 10_000 }),
    renderProcess({ kind: 'draining', signal: 'SIGTERM', running: 0, stopTimeoutMs: 10_000 }),
    renderProcess({ kind: 'drain progress', running: 2, leftMs: 4000 }),
    renderProcess({ kind: 'stopped', abandoned: 2, status: 2 }),
    renderProcess({ kind: 'stopped', abandoned: 0, status: 0 }),
  ].map((record) => `${record.level} ${record.message}`);
  assert.deepEqual(messages, [
    'INFO chorewheel 1.0.0 starts: engine unix:/run/docker.sock, labels deck-chores.*',
    'INFO ready after 412 ms: 2 jobs in 1 container',
    'CRITICAL another instance already runs the jobs labelled deck-chores.* on this engine (process 7 on officer); stop it, or give this one another LABEL_NAMESPACE',
    'INFO SIGTERM: starts nothing new, waits up to 10 s for 1 running execution',
    'INFO SIGTERM: starts nothing new, nothing runs',
    'INFO 2 executions still running, 4 s left',
    'WARNING stopped with status 2; left running: 2 executions',
    'INFO stopped with status 0',
  ]);
});

test('the watcher tells of contact and loss, and leaves containers to the schedule', () => {
  const lost = renderWatcherEvent({
    kind: 'disconnected',
    reason: 'connect ENOENT /run/docker.sock',
    attempt: 3,
    retryInMs: 400,
  });
  assert.equal(
    lost?.message,
    'no contact with the engine: connect ENOENT /run/docker.sock; attempt 3 failed, tries again in 400 ms',
  );
  assert.equal(lost?.level, 'WARNING');
  const back = renderWatcherEvent({
    kind: 'connected',
    engine: 'unix:/run/docker.sock',
    version: '27',
    afterMs: 9000,
  });
  assert.equal(back?.message, 'connected again after 9 s to unix:/run/docker.sock, version 27');
  assert.equal(
    renderWatcherEvent({ kind: 'container gone', container: subject.container, reason: 'die' }),
    undefined,
  );
});

test('a warning of a worker names the job where there is one', () => {
  assert.equal(renderWarning(execution, 'is slow').message, 'backup in web: is slow');
  assert.equal(renderWarning(undefined, 'one was lost').message, 'workers: one was lost');
});

const durations: readonly (readonly [number, string])[] = [
  [0, '0 ms'],
  [999, '999 ms'],
  [1000, '1 s'],
  [1234, '1.2 s'],
  [59_949, '59.9 s'],
  [59_999, '1 min'],
  [200_000, '3 min 20 s'],
  [7_500_000, '2 h 5 min'],
  [86_400_000, '1 d'],
  [273_600_000, '3 d 4 h'],
  [Number.POSITIVE_INFINITY, 'for ever'],
];

for (const [ms, words] of durations) {
  test(`${ms} milliseconds read as ${words}`, () => assert.equal(durationWords(ms), words));
}

const commands: readonly (readonly [string, string])[] = [
  ['backup --password=s3cret --quiet', 'backup --password=*** --quiet'],
  ['backup --token s3cret', 'backup --token ***'],
  ['PGPASSWORD="s 3" pg_dump', 'PGPASSWORD=*** pg_dump'],
  ['curl -H "Authorization: Bearer abcdefgh"', 'curl -H "Authorization: Bearer ***"'],
  ['pg_dump postgres://joe:s3cret@db/shop', 'pg_dump postgres://joe:***@db/shop'],
  ['mysqldump -u root -ps3cret shop', 'mysqldump -u root -p*** shop'],
  ['tar -czf /backup/a.tgz /data', 'tar -czf /backup/a.tgz /data'],
];

for (const [command, shown] of commands) {
  test(`the command ${command} is shown without its secrets`, () =>
    assert.equal(redactCommand(command), shown));
}

test('redacting a hostile command takes no time', () => {
  const from = performance.now();
  for (const part of ['password ', 'mysql -', 'a://', 'mysql a '.repeat(3), '-p '])
    redactCommand(part.repeat(100_000));
  assert.ok(performance.now() - from < 2000);
});
