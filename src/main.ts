#!/usr/bin/env node
/** The process: its command line, its exit status, and what happens to an error that nobody expected. */
import { accessSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { processContext } from './cli/process-context.ts';
import { runCommandLine } from './cli/program.ts';
import { readConfig } from './config.ts';
import { createLog, type Log } from './log.ts';
import { defaultLogFormat } from './log-format.ts';
import { renderProcess } from './process-report.ts';
import { run } from './run.ts';

/** Exit status for an error that is a mistake of ours. */
const STATUS_BUG = 3;
/** How long a bug's record may wait for a stalled reader, in milliseconds. */
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
  const onBug = (error: unknown): void => endWithBug(log, error);
  process.on('uncaughtException', onBug);
  process.on('unhandledRejection', onBug);
  try {
    return await run(config, notes, log);
  } catch (error) {
    endWithBug(log, error);
  }
}

function endWithBug(log: Log, error: unknown): never {
  log(renderProcess({ kind: 'bug', error }));
  log.flush(LAST_WORDS_MS);
  process.exit(STATUS_BUG);
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
