/** The findings of `chorewheel check`, for people. */
import type { Checked, CheckedJob, CheckedProblem } from '../checking/check.ts';
import { escapeText } from '../escape.ts';
import { labelWords } from '../report.ts';
import { counted, zonedTime } from '../words.ts';
import type { CheckedSource } from './check.ts';
import { styled } from './table.ts';

export function checkText(sources: readonly CheckedSource[], colour: boolean): string {
  const lines = sources.flatMap((source) => sourceLines(source, colour));
  return `${[...lines, summary(sources)].join('\n')}\n`;
}

function sourceLines(source: CheckedSource, colour: boolean): readonly string[] {
  const quiet = source.checked.length === 0 && source.error === undefined && source.notes.length === 0;
  if (quiet) return [];
  return [
    styled(escapeText(source.source), 'bold', colour),
    ...(source.error ?? '')
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => `  ${styled(escapeText(line), 'red', colour)}`),
    ...source.notes.map((note) => `  note: ${escapeText(note)}`),
    ...source.checked.flatMap((checked) => checkedLines(checked, colour)),
    '',
  ];
}

function checkedLines(checked: Checked, colour: boolean): readonly string[] {
  return [
    `  ${styled(escapeText(checked.name), 'cyan', colour)}`,
    ...checked.jobs.flatMap((job) => jobLines(job, colour)),
    ...checked.problems.flatMap((problem) => problemLines(problem, colour)),
  ];
}

function jobLines(job: CheckedJob, colour: boolean): readonly string[] {
  const times = job.next.map((at) => {
    const utc = `${zonedTime(at, 'UTC')} UTC`;
    return job.timezone === 'UTC' ? utc : `${zonedTime(at, job.timezone)} ${job.timezone} = ${utc}`;
  });
  return [
    `    ${styled(escapeText(job.name), 'green', colour)}: ${escapeText(`${job.words} (${job.kind}: ${job.text})`)}`,
    `      runs ${escapeText(job.command)}`,
    ...(times.length === 0
      ? [`      ${styled('never fires', 'yellow', colour)}`]
      : times.map((time, index) => `      ${index === 0 ? 'next' : '    '} ${time}`)),
  ];
}

function problemLines(problem: CheckedProblem, colour: boolean): readonly string[] {
  const rejected = problem.severity === 'rejected';
  const mark = styled(rejected ? 'mistake' : 'warning', rejected ? 'red' : 'yellow', colour);
  const line = problem.line === undefined ? '' : ` line ${problem.line}:`;
  return [
    `    ${mark}${escapeText(`${line} ${labelWords(problem)}${problem.message}`)}`,
    ...(problem.hint === undefined ? [] : [`      ${escapeText(problem.hint)}`]),
  ];
}

function summary(sources: readonly CheckedSource[]): string {
  const checked = sources.flatMap((source) => source.checked);
  const jobs = checked.reduce((sum, one) => sum + one.jobs.length, 0);
  const problems = checked.flatMap((one) => one.problems);
  const warnings = problems.filter((problem) => problem.severity === 'warning').length;
  const errors = sources.filter((source) => source.error !== undefined).length;
  const mistakes = problems.length - warnings + errors;
  return `${counted(jobs, 'job')}, ${counted(mistakes, 'mistake')}, ${counted(warnings, 'warning')}`;
}
