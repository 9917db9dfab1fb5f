#!/usr/bin/env node
/** The process: its command line, its exit status, and what happens to an error that nobody expected. */
import { accessSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { processContext } from './cli/process-context.ts';
import { runCommandLine } from './cli/program.ts';
import { readConfig } from './config.ts';
import { exitWithoutThreads } from './exit.ts';
import { createLog, type Log } from './log.ts';
import { defaultLogFormat } from './log-format.ts';
import { OutputLog } from './output-log.ts';
import { renderProcess } from './process-report.ts';
import { type RunEnd, run } from './run.ts';

/** Exit status for an error that is a mistake of ours. */
const STATUS_BUG = 3;
/** How long the last records may wait for a stalled reader, in milliseconds. */
const LAST_WORDS_MS = 500;

/** Runs the daemon in this process; resolves with the exit status. */
async function runDaemon(env: Readonly<Record<string, string | undefined>>): Promise<number> {
  const read = readConfig(env, { cores: availableParallelism(), fileExists });
  if (!read.ok) {
    const log = createLog({ format: defaultLogFormat, stderrLevel: 0, debug: false });
    for (const message of read.mistakes) log(renderProcess({ kind: 'configuration mistake', message }));
    return 1;
  }
  const { config, notes } = read;
  const log = createLog({ format: config.logFormat, stderrLevel: config.stderrLevel, debug: config.debug });
  const output = new OutputLog(log);
  const onBug = (error: unknown): void => endWithBug(output, log, error);
  process.on('uncaughtException', onBug);
  process.on('unhandledRejection', onBug);
  const leave = ({ status, hangs }: RunEnd): void => {
    lastWords(output, log);
    if (hangs) exitWithoutThreads(status);
    process.exit(status);
  };
  try {
    const end = await run(config, notes, output, leave);
    if (end.hangs) leave(end);
    lastWords(output, log);
    return end.status;
  } catch (error) {
    endWithBug(output, log, error);
  }
}

function endWithBug(output: OutputLog, log: Log, error: unknown): never {
  output.record(renderProcess({ kind: 'bug', error }));
  lastWords(output, log);
  process.exit(STATUS_BUG);
}

function lastWords(output: OutputLog, log: Log): void {
  output.flush();
  log.flush(LAST_WORDS_MS);
}

function fileExists(path: string): boolean {
  try {
    accessSync(path);
    return true;
  } catch {
    return false;
  }
}

const status = await runCommandLine(process.argv.slice(2), processContext(runDaemon));
process.exitCode = status;
