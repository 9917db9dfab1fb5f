/** The faults of deck-chores that must stay dead, each with the test that keeps it so. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { projectFile } from './support/project.ts';

/** Names of tests as their files have them. */
const HELD_BY: Readonly<Record<string, readonly (readonly [file: string, ...tests: string[]])[]>> = {
  '`options.flags` ignored': [
    ['engine/labels', 'labels of an image count, and its user; with noimage neither does'],
  ],
  '`DEFAULT_FLAGS=noservice` misread': [
    ['engine/lives', 'with the service flag off each replica has a job of its own'],
  ],
  '`max: 0` ends the process': [
    ['engine/labels', 'each mistake is told with its label, rejects its own job, and ends nothing'],
  ],
  'jitter always one second': [['scheduling/jitter', 'by its own amount, and leaves the grid alone']],
  'nothing takes over from a paused holder': [
    ['engine/lives', 'the job of a service moves between its running members, and runs where it is'],
    ['model/election', 'holds its invariants in every reachable state, by every event, also repeated ones'],
  ],
  'a container gone before its event is handled ends the process': [
    ['engine/lives', 'containers that are gone before they were asked about harm nobody'],
  ],
  'a missing image ends it': [['engine/labels', 'an image that is gone takes no job with it']],
  '`NS.foo` ends it': [
    ['engine/labels', 'each mistake is told with its label, rejects its own job, and ends nothing'],
  ],
  'a lost event stream ends it with status 0': [
    ['engine/beginning', 'a lost connection is no end: jobs go on, and what came meanwhile is found'],
    [
      'engine/watcher',
      'an engine that is killed, frozen or restarted is found again, and its list is the truth',
    ],
  ],
  'deadlock on SIGTERM while a command runs': [
    [
      'engine/ending',
      'SIGTERM lets a running job end, starts no other, and ends with 0',
      'a job that outlives STOP_TIMEOUT is told as abandoned, and the status is 2',
      'a second signal ends the program at once, whatever runs',
    ],
  ],
  '`interval: -5` spins': [
    ['engine/labels', 'each mistake is told with its label, rejects its own job, and ends nothing'],
    ['triggers/vectors', 'every interval vector gives its period or is refused'],
  ],
  'the whole output held in memory': [['execution/flood', 'is drained to its end in little memory']],
  'one invalid UTF-8 byte loses the result': [
    ['engine/labels', 'quotes keep words together, nothing is expanded, and odd bytes are shown'],
  ],
  'results of `date` never logged': [
    ['engine/swap', 'each kind of trigger fires on time, with output of both streams and the exit code'],
  ],
  'jobs moved to created containers': [
    ['engine/lives', 'the job of a service moves between its running members, and runs where it is'],
    ['scheduling/registry', 'never lets an excluded or created container carry its jobs'],
  ],
  'replicas share one job id with `service` off': [
    ['engine/lives', 'with the service flag off each replica has a job of its own'],
  ],
  'ids collide by concatenation': [
    ['scheduling/registry', 'keeps ids apart that a plain join would make equal'],
  ],
  'a full pool drops runs after one second': [
    ['engine/capacity', 'a full pool queues what is due at once and loses nothing'],
    ['scheduling/waiting', 'is never exceeded, and a full one loses nothing'],
  ],
  "`2nd fri` can't be written": [
    ['labels/texts', 'a position and its weekday are one field of a short cron text'],
    ['triggers/vectors', 'every cron vector gives its fire times'],
  ],
  'trailing nonsense accepted in cron': [
    ['triggers/vectors', 'every invalid cron vector is refused with a reason'],
    ['engine/labels', 'each mistake is told with its label, rejects its own job, and ends nothing'],
  ],
  "the image's `options.user` reported as a job": [
    ['engine/labels', 'labels of an image count, and its user; with noimage neither does'],
  ],
  'stale names after a rename': [
    ['engine/lives', 'the job of a container follows its start, pause, rename, death and removal'],
  ],
  'event lines cut by borders of chunks': [
    [
      'docker/event-lines',
      'lines come out whole wherever the chunks end, within a character of several bytes too',
    ],
  ],
  'clocks of two hosts compared': [['docker/watcher-stories', 'is watched as any other, also after a loss']],
  'an exec that meets a pause hangs everything': [
    ['engine/capacity', 'an execution that meets a pause ends after it, and holds up no other container'],
  ],
  'one-off containers take over jobs': [
    ['engine/lives', 'the job of a service moves between its running members, and runs where it is'],
    ['docker/container-facts', 'a one-off container of compose carries no jobs'],
  ],
  'errors while reporting a job that is gone': [
    ['engine/capacity', 'an execution whose container dies is told as cut off, and the next life runs again'],
    ['scheduling/waiting', 'ignores the end of an execution that it does not know, and a second end'],
  ],
  'environment values in logs': [
    ['engine/secrets', 'no value of an environment variable is in log, API, history or check'],
  ],
  'thousands of inspections at the start': [
    ['engine/beginning', 'a start is one list and one subscription, whatever the number of containers'],
    ['docker/watcher-stories', 'a start with five hundred containers is one list and no inspection'],
    ['docker/other-instances', 'thousands that call themselves chorewheel cost few inspections'],
  ],
};

for (const [fault, holders] of Object.entries(HELD_BY)) {
  test(`this fault has a test that keeps it dead: ${fault}`, () => {
    for (const [file, ...names] of holders) {
      const source = readFileSync(projectFile(`test/${file}.test.ts`), 'utf8');
      for (const name of names) assert.ok(source.includes(name), `no test "${name}" in ${file}`);
    }
  });
}

test('the list of faults is whole', () => assert.equal(Object.keys(HELD_BY).length, 29));
