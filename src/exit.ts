/**
 * The end of a process with a thread that hangs in the file system, as on a dead network share: Node waits for its
 * threads before it exits, and would wait for ever.
 */

/** Newer than our oldest Node; it puts another program in this one's place, in the same process. */
type Replace = (file: string, words: readonly string[], env: Readonly<Record<string, string>>) => never;

/**
 * Ends the process without its threads; nothing else of its end happens, so write what is to be written before. On
 * Node before 22.15 it looks as if it was killed, whatever the status.
 */
export function exitWithoutThreads(status: number): never {
  const { execve } = process as { readonly execve?: Replace };
  execve?.call(process, process.execPath, [process.execPath, '-e', `process.exit(${status})`], {});
  process.kill(process.pid, 'SIGKILL');
  // The kernel keeps the first process of a container from killing itself, but not from aborting.
  return process.abort();
}
