/**
 * What the API answers, on the owner's socket and over HTTP alike. All times are epoch milliseconds, all durations
 * milliseconds; a value that is not known is absent. Values of environment variables are in none of them.
 *
 * | route | answer |
 * | --- | --- |
 * | `GET /healthz` | `HealthAnswer`; 200, or 503 when not healthy |
 * | `GET /metrics` | Prometheus text |
 * | `GET /api/jobs?search&state&limit&offset` | `JobsAnswer` |
 * | `GET /api/jobs/:id` | `JobAnswer` |
 * | `POST /api/jobs/:id/run`, `/pause`, `/resume` | `ActionAnswer` |
 * | `GET /api/executions?job&outcome&from&to&limit&before` | `ExecutionsAnswer` |
 * | `GET /api/executions/:id` | `ExecutionAnswer` with its output |
 * | `GET /api/executions/:id/output` | server-sent events `line` (`OutputEvent`) and at the end `ended` (`ExecutionAnswer`) |
 * | `POST /api/executions/:id/cancel` | `CancelAnswer`; 409 when it has ended |
 * | `GET /api/statistics?job` | `StatisticsAnswer` |
 * | `GET /api/problems` | `ProblemsAnswer` |
 * | `GET /api/timeline?from&to` | `TimelineAnswer` |
 * | `GET /api/events` | server-sent events `report` (`ReportEvent`): what was decided, as it happens |
 * | `GET /api/openapi.json` | the description of all this |
 *
 * `outcome` in a query is a comma list of outcomes; `succeeded` and `nonzero` divide `exited` by its exit code, and
 * `failed` stands for every way in which an execution can end but success. `limit` is 100 unless told, 1000 at most.
 * A stream tells `omitted` with the number of `events` that its reader was too slow for. The lines that an execution
 * wrote before somebody watched are told as `stdout`, whichever stream they came from.
 *
 * Ids in a path are percent-encoded. An error is answered as `ErrorAnswer` with a fitting status.
 */

export interface ErrorAnswer {
  readonly error: string;
}

export interface HealthAnswer {
  readonly healthy: boolean;
  /** What is wrong, in words; empty when healthy. A degraded history is told here but leaves `healthy` true. */
  readonly reasons: readonly string[];
  readonly version: string;
  readonly startedAt: number;
  readonly engine: {
    readonly connected: boolean;
    readonly lastEventProof: number;
    readonly lastList: number;
  };
  readonly history: { readonly kind: 'memory' | 'file'; readonly degraded?: string };
  readonly jobs: number;
  readonly running: number;
  readonly queued: number;
  readonly poolSize: number;
}

export interface JobAnswer {
  readonly id: string;
  readonly name: string;
  readonly container: string;
  readonly containerName: string;
  readonly service?: string;
  /** What looks like a secret in it is hidden. */
  readonly command: string;
  readonly trigger: {
    readonly kind: string;
    readonly text: string;
    readonly timezone: string;
    readonly words: string;
  };
  readonly state: 'armed' | 'suspended' | 'waiting' | 'held';
  readonly nextFireTime?: number;
  readonly running: number;
  readonly waiting: number;
  readonly max: number;
  readonly overlap: 'skip' | 'queue';
  readonly catchUp: 'skip' | 'once' | 'all';
  readonly jitterMs: number;
  readonly graceMs?: number;
  readonly timeoutMs?: number;
}

export interface JobsAnswer {
  readonly jobs: readonly JobAnswer[];
  /** All that match, whatever the page. */
  readonly total: number;
}

export interface ActionAnswer {
  readonly job: string;
  readonly done: 'run' | 'pause' | 'resume';
}

/** Stopping has begun; how it ended is told by the execution. */
export interface CancelAnswer {
  readonly execution: string;
  readonly done: 'cancel';
}

export interface ExecutionAnswer {
  readonly execution: string;
  readonly job: string;
  readonly jobName: string;
  readonly container: string;
  readonly containerName: string;
  readonly service?: string;
  readonly fireTime: number;
  readonly startedAt?: number;
  readonly endedAt?: number;
  /** `running`, an outcome's kind, or why there was no execution: `skipped`, `misfired`, `missed`, `abandoned`. */
  readonly outcome: string;
  readonly exitCode?: number;
  readonly reason?: string;
  readonly latenessMs: number;
  readonly durationMs?: number;
  /** Only where one execution is asked for. */
  readonly output?: string;
}

export interface ExecutionsAnswer {
  readonly executions: readonly ExecutionAnswer[];
  /** Give it as `before` to read on. */
  readonly next?: string;
}

export interface OutputEvent {
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
}

export interface StatisticsAnswer {
  readonly jobs: readonly {
    readonly job: string;
    readonly executions: number;
    /** 0 to 1. */
    readonly successRate?: number;
    readonly durationMs?: { readonly p50: number; readonly p95: number; readonly max: number };
    readonly longestLatenessMs: number;
  }[];
}

export interface ProblemAnswer {
  readonly container: string;
  readonly containerName: string;
  readonly job?: string;
  readonly labels: readonly string[];
  readonly message: string;
  readonly hint?: string;
  readonly severity: 'rejected' | 'warning';
}

export interface ProblemsAnswer {
  readonly problems: readonly ProblemAnswer[];
}

/** What ran and what will run, grouped by service (or by container where there is no service). */
export interface TimelineAnswer {
  readonly from: number;
  readonly to: number;
  readonly now: number;
  readonly rows: readonly {
    readonly group: string;
    readonly executions: readonly {
      readonly execution: string;
      readonly jobName: string;
      readonly from: number;
      readonly to?: number;
      readonly outcome: string;
      readonly exitCode?: number;
    }[];
    readonly fireTimes: readonly { readonly jobName: string; readonly at: number }[];
    /** Jobs with more fire times than are listed, and the first one that is not. */
    readonly goingOn: readonly { readonly jobName: string; readonly at: number }[];
  }[];
  /** The answer was bounded: so many groups, executions or fire times are not in it. */
  readonly leftOut: number;
}

export interface ReportEvent {
  readonly time: number;
  readonly kind: string;
  readonly level: string;
  readonly message: string;
  readonly job?: string;
  readonly execution?: string;
}
