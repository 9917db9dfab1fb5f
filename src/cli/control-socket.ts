/** Where the control socket is expected, by the very rule of the daemon's configuration. */
import { readConfig } from '../config.ts';
import { CliError, status } from './context.ts';

/** Path of the control socket in this environment; throws CliError where there is none. */
export function controlSocketPath(env: Readonly<Record<string, string | undefined>>): string {
  const { CONTROL_SOCKET, XDG_RUNTIME_DIR } = env;
  const read = readConfig({ CONTROL_SOCKET, XDG_RUNTIME_DIR }, { cores: 1, fileExists: () => false });
  const path = read.ok ? read.config.controlSocket : undefined;
  if (path !== undefined) return path;
  throw new CliError('CONTROL_SOCKET is off here; --socket names the one to use', status.unreachable);
}
