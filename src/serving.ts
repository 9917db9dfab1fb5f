/**
 * Page, API and metrics: on the owner's socket, and over HTTP where that is asked for. The framework and the page
 * are loaded with the first request: a scheduler that nobody asks does without their 10 MB.
 */
import type { Api } from './api/api.ts';
import type { Access } from './api/guard.ts';
import { type Listener, listenOnHttp, listenOnSocket } from './api/listen.ts';
import type { ApiParts } from './api/parts.ts';
import type { Config } from './configuration.ts';
import type { ProcessReport } from './process-report.ts';

/** Begins to listen; what can't be had is told as a warning and left out, for the schedule does not need it. */
export async function serve(
  config: Pick<Config, 'controlSocket' | 'http'>,
  parts: ApiParts,
  say: (report: ProcessReport) => void,
): Promise<readonly Listener[]> {
  const listeners: Listener[] = [];
  const listen = async (where: string, open: () => Promise<Listener>): Promise<void> => {
    try {
      const listener = await open();
      listeners.push(listener);
      say({ kind: 'listening', where: listener.address });
    } catch (error) {
      const message = `can't listen on ${where}: ${(error as Error).message}`;
      say({ kind: 'warning', source: 'api', message });
    }
  };
  const { controlSocket, http } = config;
  if (controlSocket !== undefined) {
    await listen(controlSocket, () => listenOnSocket(lazyApi(parts, { kind: 'owner' }), controlSocket));
  }
  if (http !== undefined) {
    const { host, port, token } = http;
    await listen(`${host}:${port}`, () =>
      listenOnHttp(lazyApi(parts, { kind: 'http', host, token }), host, port),
    );
  }
  return listeners;
}

function lazyApi(parts: ApiParts, access: Access): Api {
  let made: Promise<Api> | undefined;
  const make = async (): Promise<Api> => {
    const [{ createApi }, { loadPage }] = await Promise.all([
      import('./api/api.ts'),
      import('./api/page.ts'),
    ]);
    return createApi(parts, access, await loadPage());
  };
  return {
    async fetch(request) {
      made ??= make();
      return (await made).fetch(request);
    },
    close: () => void made?.then((api) => api.close()),
  };
}
