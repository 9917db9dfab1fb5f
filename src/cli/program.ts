/** The command line: every command, its options and its help. What a command does is in the file of its name. */
import { Command, CommanderError, Option } from 'commander';
import { createClient } from './client.ts';
import { type CliContext, CliError, status } from './context.ts';
import { act, type JobsOptions, showJobs } from './jobs.ts';
import { parseCount, parseMoment } from './moments.ts';

const variables = `
Environment of "run" (all optional; the documentation has the details):
  DOCKER_HOST            where the engine listens     unix:///var/run/docker.sock
  DOCKER_TLS_VERIFY, DOCKER_CERT_PATH, ASSERT_HOSTNAME, SSL_VERSION    TLS, as Docker's own client has it
  LABEL_NAMESPACE        prefix of the labels         deck-chores
  TIMEZONE               default zone of jobs         UTC
  DEFAULT_MAX            default of "max"             1
  DEFAULT_FLAGS          default of options.flags     image,service
  SERVICE_ID_LABELS      labels that name a service   com.docker.compose.project,com.docker.compose.service
  JOB_NAME_REGEX         what a job may be called     [a-z0-9-]+
  JOB_POOL_SIZE          executions at once           10
  WORKER_THREADS         threads that carry them      min(cores, pool, 4)
  MISFIRE_GRACE          how late one may start       unlimited
  STOP_TIMEOUT           patience at the end          10s
  CLIENT_TIMEOUT         patience with the engine     60 (seconds)
  RESYNC_INTERVAL        time between full lists      60s
  CONTAINER_CACHE_SIZE   remembered containers        128
  OUTPUT_LIMIT           logged bytes of an execution 1 MiB
  LOG_FORMAT             text template or json        {asctime} | {levelname:8} | {message}
  STDERR_LEVEL, DEBUG    what goes to stderr; debug messages
  STATE_DIR, HISTORY_MAX_AGE, HISTORY_MAX_SIZE        history that survives a restart
  CONTROL_SOCKET         where the other commands find it
  HTTP_LISTEN, HTTP_TOKEN                             page, API and metrics over HTTP

Exit status: 0 all well; 1 mistakes found, or what was asked for failed or isn't there; 2 wrong usage;
3 no running instance answers. Of "run": 0 stopped cleanly, 1 configuration mistake, 2 stopped before running
executions had ended, 3 a bug.`;

/** The whole command line; an action throws CliError for what it can't do. */
export function program(context: CliContext): Command {
  const root = new Command('chorewheel')
    .description('Runs commands in Docker containers at their times, as the containers’ labels say.')
    .version(context.version, '-V, --version')
    .addHelpText('after', variables)
    .configureOutput({ writeOut: context.out, writeErr: context.err })
    .showHelpAfterError('(--help tells more)')
    .exitOverride();
  root
    .command('run')
    .description('watch the engine and run the jobs until told to stop; also without any command')
    .action(async () => leave(await context.run(context.env)));
  addDemo(root, context);
  addLabelCommands(root, context);
  addJobCommands(root, context);
  addHistoryCommands(root, context);
  addStateCommands(root, context);
  return root;
}

/** Runs it; returns the exit status. Never throws for what a person did. */
export async function runCommandLine(words: readonly string[], context: CliContext): Promise<number> {
  try {
    await program(context).parseAsync(words.length === 0 ? ['run'] : [...words], { from: 'user' });
    return status.ok;
  } catch (error) {
    if (error instanceof Leave) return error.status;
    if (error instanceof CommanderError) return error.exitCode === 0 ? status.ok : status.usage;
    if (context.signal.aborted) return status.ok;
    if (!(error instanceof CliError)) throw error;
    context.err(`chorewheel: ${error.message}\n`);
    return error.status;
  }
}

/** Carries the exit status of an action out of commander. */
class Leave extends Error {
  override readonly name = 'Leave';
  readonly status: number;

  constructor(exitStatus: number) {
    super('leaves');
    this.status = exitStatus;
  }
}

function leave(exitStatus: number): void {
  if (exitStatus !== status.ok) throw new Leave(exitStatus);
}

function addDemo(root: Command, context: CliContext): void {
  root
    .command('demo')
    .description('show the whole program on a simulated engine, without Docker')
    .option('--listen <address>', 'where the page is served', '127.0.0.1:8080')
    .action(async (options: { readonly listen: string }) => {
      const { demo } = await import('./demo.ts');
      leave(await demo(context, options));
    });
}

function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

function addLabelCommands(root: Command, context: CliContext): void {
  root
    .command('check [files...]')
    .description('say what the labels in compose files mean, when each job fires, and what is wrong')
    .option('--container <id>', 'check this container of the engine (repeatable)', collect)
    .option('--stdin', 'check label sets from standard input, as JSON lines')
    .option('--namespace <prefix>', 'prefix of the labels, as LABEL_NAMESPACE')
    .option('--timezone <zone>', 'default time zone of jobs, as TIMEZONE')
    .option('-n, --number <number>', 'so many fire times of each job', parseCount(0, 1000), 5)
    .option('--strict', 'exit with 1 also for warnings')
    .option('--json', 'the findings as JSON')
    .action(async (files: string[], options) => {
      const { check } = await import('./check.ts');
      leave(await check(context, files, options));
    });
  const moment = (text: string): number => parseMoment(text, context.now());
  root
    .command('next <expression>')
    .description('say what a cron, crontab, interval or date expression means, and when it fires')
    .option('--cron', 'read it as cron: year month day week day_of_week hour minute second')
    .option('--crontab', 'read it as crontab: minute hour day month day-of-week')
    .option('--interval', 'read it as interval, counted from --after')
    .option('--date', 'read it as date')
    .option('--timezone <zone>', 'time zone (default: TIMEZONE, else UTC)')
    .option('-n, --number <number>', 'so many fire times', parseCount(0, 10_000), 10)
    .option('--after <moment>', 'fire times after this age or moment (default: now)', moment)
    .option('--json', 'the answer as JSON')
    .action(async (expression: string, options) => {
      const { showNext } = await import('./next.ts');
      showNext(context, expression, options);
    });
}

interface Remote {
  readonly socket?: string;
}

/** A command that speaks to the running instance. */
function remote(root: Command, usage: string, description: string): Command {
  return root
    .command(usage)
    .description(description)
    .option('--json', 'the answer as JSON')
    .option('--socket <path>', 'the control socket of the instance (default: as CONTROL_SOCKET says)');
}

function addJobCommands(root: Command, context: CliContext): void {
  remote(root, 'jobs', 'list the registered jobs and their next fire times')
    .option('--search <text>', 'only jobs with this in their name, container or service')
    .addOption(
      new Option('--state <state>', 'only jobs in this state').choices([
        'armed',
        'suspended',
        'waiting',
        'held',
      ]),
    )
    .option('--ids', 'show ids in place of names')
    .action((options: JobsOptions & Remote) =>
      showJobs(context, createClient(context, options.socket), options),
    );
  const actions = [
    ['run-now', 'run', 'run a job now, beside its schedule'],
    [
      'pause',
      'pause',
      'let a job not fire until it is resumed; this survives a restart where there is a STATE_DIR',
    ],
    ['resume', 'resume', 'let a paused job fire again'],
  ] as const;
  for (const [name, action, description] of actions) {
    remote(root, `${name} <job>`, description)
      .addHelpText(
        'after',
        '\nJOB is a name if only one job bears it, NAME@CONTAINER, or an id ("jobs --ids").',
      )
      .action((job: string, options: Remote & { json?: boolean }) =>
        act(context, createClient(context, options.socket), action, job, options),
      );
  }
}

function addHistoryCommands(root: Command, context: CliContext): void {
  remote(root, 'cancel <execution>', 'stop a running execution in its container').action(
    async (execution: string, options: Remote & { json?: boolean }) => {
      const { cancel } = await import('./executions.ts');
      await cancel(context, createClient(context, options.socket), execution, options);
    },
  );
  const moment = (text: string): number => parseMoment(text, context.now());
  remote(root, 'executions', 'list what ran and what did not, newest first')
    .option('--job <job>', 'only of this job')
    .option('--failed', 'only what ended otherwise than with exit code 0, or did not run though it was due')
    .option('--outcome <outcome>', 'only with this outcome, such as exited, timeout, skipped')
    .option('--since <moment>', 'fire times from this age or moment on (12h, 2026-11-26T03:00Z)', moment)
    .option('--until <moment>', 'fire times before this age or moment', moment)
    .option('-n, --limit <number>', 'at most so many', parseCount(1, 1_000_000), 50)
    .option('--export', 'all of them as JSON lines, without limit')
    .action(async (options) => {
      const { showExecutions } = await import('./executions.ts');
      await showExecutions(context, createClient(context, options.socket), options);
    });
  remote(root, 'stats', 'success rate and durations of each job')
    .option('--job <job>', 'only of this job')
    .action(async (options) => {
      const { showStatistics } = await import('./executions.ts');
      await showStatistics(context, createClient(context, options.socket), options);
    });
  remote(root, 'logs <job>', 'show the output of the last execution of a job')
    .option('-f, --follow', 'go on with what comes, also of the next executions')
    .option('--execution <id>', 'of this execution')
    .action(async (job: string, options) => {
      const { showLogs } = await import('./logs.ts');
      await showLogs(context, createClient(context, options.socket), job, options);
    });
}

function addStateCommands(root: Command, context: CliContext): void {
  remote(root, 'health', 'tell whether the instance is well; exit status 1 if not').action(
    async (options: Remote & { json?: boolean }) => {
      const { showHealth } = await import('./health.ts');
      leave(await showHealth(context, createClient(context, options.socket), options));
    },
  );
  remote(
    root,
    'problems',
    'list the mistakes in labels of running containers; exit status 1 if a job is rejected',
  ).action(async (options: Remote & { json?: boolean }) => {
    const { showProblems } = await import('./health.ts');
    leave(await showProblems(context, createClient(context, options.socket), options));
  });
}
