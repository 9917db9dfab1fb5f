/** Whose record it is: the words and the fields that name a job or an execution. */
import type { Execution } from './scheduling/events.ts';
import type { JobSubject } from './scheduling/reports.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** `backup in web`: how a job is named in a sentence. */
export function jobIn(jobName: string, containerName: string): string {
  return `${jobName} in ${containerName}`;
}

/** The same for the subject of a report. */
export function who(subject: JobSubject): string {
  return jobIn(subject.jobName, subject.containerName);
}

/** The fields that name a job. */
export function subjectFields(subject: JobSubject): Fields {
  return {
    job: subject.jobName,
    job_id: subject.job,
    container: subject.containerName,
    container_id: subject.container,
    service: subject.service,
  };
}

/** The fields that name an execution, also for its lines of output. */
export function executionFields(execution: Execution): Fields {
  return {
    job: execution.definition.name,
    job_id: execution.job,
    container: execution.containerName,
    container_id: execution.container,
    service: execution.service,
    execution: execution.id,
  };
}
