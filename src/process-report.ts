/**
 * What the process itself, the engine's watcher, the workers and the history have to tell, as records of the
 * log. Decisions about jobs are in `report.ts`.
 */
import type { WatcherEvent } from './docker/engine-contract.ts';
import { assertNever } from './ids.ts';
import type { LogRecord } from './log.ts';
import { redactCommand } from './redact.ts';
import { executionFields, jobIn } from './report-subject.ts';
import type { Execution, JobView } from './scheduling/events.ts';
import { counted, durationWords, isoTime, zonedTimeWithZone } from './words.ts';

export type ProcessReport =
  | {
      readonly kind: 'started';
      readonly version: string;
      readonly engine: string;
      readonly namespace: string;
    }
  /** One of several mistakes of the environment; the process ends after all were told. */
  | { readonly kind: 'configuration mistake'; readonly message: string }
  /** Something of the configuration that is worth knowing. */
  | { readonly kind: 'configuration note'; readonly message: string }
  /** Another instance watches the same engine under the same namespace. */
  | { readonly kind: 'refused'; readonly namespace: string; readonly holder: string }
  | { readonly kind: 'ready'; readonly containers: number; readonly jobs: number; readonly afterMs: number }
  /** What SIGUSR1 is answered when there is nothing to list. */
  | { readonly kind: 'no jobs' }
  | { readonly kind: 'listening'; readonly where: string }
  | {
      readonly kind: 'draining';
      readonly signal: string;
      readonly running: number;
      readonly stopTimeoutMs: number;
    }
  /** Told every few seconds while draining takes time. */
  | { readonly kind: 'drain progress'; readonly running: number; readonly leftMs: number }
  | { readonly kind: 'stopped'; readonly abandoned: number; readonly status: number }
  /** Trouble that the program lives with: a worker, the history, the control socket. */
  | {
      readonly kind: 'warning';
      readonly source: 'workers' | 'history' | 'api' | 'process';
      readonly message: string;
    }
  | { readonly kind: 'bug'; readonly error: unknown };

export function renderProcess(report: ProcessReport): LogRecord {
  switch (report.kind) {
    case 'started':
      return {
        level: 'INFO',
        event: 'started',
        message: `chorewheel ${report.version} starts: engine ${report.engine}, labels ${report.namespace}.*`,
        fields: { version: report.version, engine: report.engine, namespace: report.namespace },
      };
    case 'configuration mistake':
      return { level: 'CRITICAL', event: 'configuration_mistake', message: report.message };
    case 'configuration note':
      return { level: 'INFO', event: 'configuration_note', message: report.message };
    case 'refused':
      return {
        level: 'CRITICAL',
        event: 'refused',
        message: `another instance already runs the jobs labelled ${report.namespace}.* on this engine (${report.holder}); stop it, or give this one another LABEL_NAMESPACE`,
        fields: { holder: report.holder },
      };
    case 'ready':
      return {
        level: 'INFO',
        event: 'ready',
        message: `ready after ${durationWords(report.afterMs)}: ${counted(report.jobs, 'job')} in ${counted(report.containers, 'container')}`,
        fields: { containers: report.containers, jobs: report.jobs, duration_ms: Math.round(report.afterMs) },
      };
    case 'no jobs':
      return { level: 'INFO', event: 'no_jobs', message: 'no job is registered' };
    case 'listening':
      return {
        level: 'INFO',
        event: 'listening',
        message: `listens on ${report.where}`,
        fields: { where: report.where },
      };
    case 'warning':
      return {
        level: 'WARNING',
        event: 'warning',
        message: `${report.source}: ${report.message}`,
        fields: { source: report.source },
      };
    case 'bug':
      return {
        level: 'CRITICAL',
        event: 'bug',
        message: `this is a bug in chorewheel, please report it: ${stackOf(report.error)}`,
      };
    default:
      return stopRecord(report);
  }
}

function stopRecord(
  report: Extract<ProcessReport, { readonly kind: 'draining' | 'drain progress' | 'stopped' }>,
): LogRecord {
  switch (report.kind) {
    case 'draining': {
      const wait =
        report.running === 0
          ? 'nothing runs'
          : `waits up to ${durationWords(report.stopTimeoutMs)} for ${counted(report.running, 'running execution')}`;
      return {
        level: 'INFO',
        event: 'draining',
        message: `${report.signal}: starts nothing new, ${wait}`,
        fields: { signal: report.signal, running: report.running },
      };
    }
    case 'drain progress':
      return {
        level: 'INFO',
        event: 'drain_progress',
        message: `${counted(report.running, 'execution')} still running, ${durationWords(report.leftMs)} left`,
        fields: { running: report.running },
      };
    case 'stopped': {
      const left = report.abandoned === 0 ? '' : `; left running: ${counted(report.abandoned, 'execution')}`;
      return {
        level: report.abandoned === 0 ? 'INFO' : 'WARNING',
        event: 'stopped',
        message: `stopped with status ${report.status}${left}`,
        fields: { status: report.status, abandoned: report.abandoned },
      };
    }
    default:
      return assertNever(report);
  }
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** What the watcher says of the engine; undefined for events that the schedule tells of itself. */
export function renderWatcherEvent(event: WatcherEvent): LogRecord | undefined {
  switch (event.kind) {
    case 'connected': {
      const after = event.afterMs > 0 ? ` again after ${durationWords(event.afterMs)}` : '';
      return {
        level: 'INFO',
        event: 'engine_connected',
        message: `connected${after} to ${event.engine}, version ${event.version}`,
        fields: { engine: event.engine, version: event.version, duration_ms: Math.round(event.afterMs) },
      };
    }
    case 'disconnected':
      return {
        level: 'WARNING',
        event: 'engine_disconnected',
        message: `no contact with the engine: ${event.reason}; attempt ${event.attempt} failed, tries again in ${durationWords(event.retryInMs)}`,
        fields: { reason: event.reason, attempt: event.attempt, retry_in_ms: Math.round(event.retryInMs) },
      };
    case 'listed':
      return {
        level: event.cause === 'resync' ? 'DEBUG' : 'INFO',
        event: 'engine_listed',
        message: `the engine has ${counted(event.containers.length, 'container')}`,
        fields: { containers: event.containers.length, cause: event.cause },
      };
    case 'warning':
      return { level: 'WARNING', event: 'engine_warning', message: event.message };
    case 'container':
    case 'container gone':
    case 'exec died':
      return undefined;
    default:
      return assertNever(event);
  }
}

/** What a worker warns of, with its execution where there is one. */
export function renderWarning(execution: Execution | undefined, message: string): LogRecord {
  if (execution === undefined) return renderProcess({ kind: 'warning', source: 'workers', message });
  return {
    level: 'WARNING',
    event: 'execution_warning',
    message: `${jobIn(execution.definition.name, execution.containerName)}: ${message}`,
    fields: executionFields(execution),
  };
}

const stateWords: Readonly<Record<JobView['state'], string>> = {
  armed: 'armed',
  suspended: 'suspended, its container is paused',
  waiting: 'waiting, its fire times are over',
  held: 'paused by hand',
};

/** One job of the list that SIGUSR1 asks for. */
export function renderJob(job: JobView): LogRecord {
  const zone = job.trigger.timezone;
  const next =
    job.nextFireTime === undefined ? 'no fire time' : `next at ${zonedTimeWithZone(job.nextFireTime, zone)}`;
  const busy = job.running + job.waiting === 0 ? '' : `, ${job.running} running, ${job.waiting} waiting`;
  const service = job.service === undefined ? '' : `, service ${job.service}`;
  return {
    level: 'INFO',
    event: 'job',
    message: `${jobIn(job.name, job.containerName)} [${job.id}]${service}: ${job.trigger.kind} ${job.trigger.text} (${zone}), ${next}, ${stateWords[job.state]}${busy}; runs ${redactCommand(job.definition.command)}`,
    fields: {
      job: job.name,
      job_id: job.id,
      container: job.containerName,
      container_id: job.container,
      service: job.service,
      state: job.state,
      trigger: job.trigger.text,
      trigger_kind: job.trigger.kind,
      timezone: zone,
      next_fire_time: job.nextFireTime === undefined ? undefined : isoTime(job.nextFireTime),
      running: job.running,
      waiting: job.waiting,
      command: redactCommand(job.definition.command),
    },
  };
}
