/**
 * Every decision worth telling, as a typed value with a kind. The core makes most of them, the watcher and the
 * process the rest; `report.ts` turns each into exactly one log record. Nothing that happens is told twice.
 */
import type { Outcome } from '../execution/outcome.ts';
import type { ContainerId, JobId, ServiceId, WallMs } from '../ids.ts';
import type { Problem } from '../labels/definition.ts';
import type { Execution } from './events.ts';

/** Whose job it is, in every report about a job. */
export interface JobSubject {
  readonly job: JobId;
  readonly jobName: string;
  readonly container: ContainerId;
  readonly containerName: string;
  readonly service: ServiceId | undefined;
}

/** Several fire times told by one record. */
export interface FireTimeRange {
  readonly until: WallMs;
  /** At least 2; a lower bound unless `exact`. */
  readonly count: number;
  readonly exact: boolean;
}

export type Report =
  // A job's life.
  | {
      readonly kind: 'job added';
      readonly subject: JobSubject;
      readonly trigger: string;
      readonly timezone: string;
      readonly next: WallMs | undefined;
    }
  | { readonly kind: 'job removed'; readonly subject: JobSubject; readonly reason: string }
  | {
      readonly kind: 'job moved';
      readonly subject: JobSubject;
      readonly from: string;
      readonly reason: string;
    }
  | { readonly kind: 'job suspended'; readonly subject: JobSubject; readonly reason: string }
  | { readonly kind: 'job resumed'; readonly subject: JobSubject; readonly next: WallMs | undefined }
  | { readonly kind: 'job finished'; readonly subject: JobSubject; readonly reason: string }
  // A firing's life: every fire time ends in exactly one of ended, skipped, misfired, missed or abandoned.
  | { readonly kind: 'execution started'; readonly execution: Execution }
  | {
      readonly kind: 'execution waits';
      readonly subject: JobSubject;
      readonly fireTime: WallMs;
      /** Absent: its schedule. */
      readonly cause?: Execution['cause'];
      readonly reason: string;
    }
  | {
      readonly kind: 'execution ended';
      readonly execution: Execution;
      readonly outcome: Outcome;
      readonly durationMs: number;
    }
  | {
      readonly kind: 'skipped';
      readonly subject: JobSubject;
      readonly fireTime: WallMs;
      /** Absent: its schedule. */
      readonly cause?: Execution['cause'];
      readonly reason: 'overlap' | 'paused' | 'coalesced' | 'held' | 'draining';
      /** Present when one record stands for several fire times: from `fireTime` to the last one, both included. */
      readonly range?: FireTimeRange;
    }
  | {
      readonly kind: 'misfired';
      readonly subject: JobSubject;
      readonly fireTime: WallMs;
      readonly latenessMs: number;
      readonly graceMs: number;
    }
  /** Fire times that passed while nothing could run them (process or engine away, no running member). */
  | {
      readonly kind: 'missed';
      readonly subject: JobSubject;
      readonly from: WallMs;
      readonly to: WallMs;
      /** How many passed, those that run now included; a lower bound unless `exact`. */
      readonly count: number;
      readonly exact: boolean;
      readonly policy: 'skip' | 'once' | 'all';
      /** How many of them are run now (cause `catch-up`), each with a record of its own. */
      readonly running: number;
    }
  | {
      readonly kind: 'abandoned';
      readonly subject: JobSubject;
      readonly fireTime: WallMs;
      /** Absent: its schedule. */
      readonly cause?: Execution['cause'];
      readonly execution: Execution | undefined;
      readonly reason: string;
    }
  // What users wrote.
  | {
      readonly kind: 'problem';
      readonly container: ContainerId;
      readonly containerName: string;
      readonly problem: Problem;
    };
