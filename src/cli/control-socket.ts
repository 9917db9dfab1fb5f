/** Where the control socket is expected, by the same rule as the daemon's configuration. */

/** Path of the control socket of this environment. */
export function controlSocketPath(env: Readonly<Record<string, string | undefined>>): string {
  const named = env.CONTROL_SOCKET;
  if (named !== undefined && named !== '' && named !== 'off') return named;
  const runtime = env.XDG_RUNTIME_DIR;
  return runtime !== undefined && runtime !== ''
    ? `${runtime}/chorewheel.sock`
    : '/run/chorewheel/control.sock';
}
