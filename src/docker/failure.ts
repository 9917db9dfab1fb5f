/** Why a call to the engine gave no answer, as a value, and the result type of every call. */
import { assertNever } from '../ids.ts';

export type EngineFailure =
  /** No connection, or it broke: refused, reset, no such socket, a certificate that is not accepted … */
  | { readonly kind: 'unreachable'; readonly message: string; readonly code: string | undefined }
  /** The engine answered with an error status; `message` holds its own words. */
  | { readonly kind: 'refused'; readonly status: number; readonly message: string }
  /** No complete answer within the limit. */
  | { readonly kind: 'deadline'; readonly ms: number }
  /** An answer that is not what the API promises. */
  | { readonly kind: 'garbage'; readonly message: string }
  /** We gave up on purpose: the client was closed. */
  | { readonly kind: 'closed' };

export type EngineResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: EngineFailure };

/** Thrown inside this folder by readers of answers; becomes a failure of kind `garbage`. */
export class GarbageError extends Error {
  override readonly name = 'GarbageError';
  readonly code = 'ENGINE_GARBAGE';
}

export function failed(failure: EngineFailure): { readonly ok: false; readonly failure: EngineFailure } {
  return { ok: false, failure };
}

/** One sentence for people. */
export function describeFailure(failure: EngineFailure): string {
  switch (failure.kind) {
    case 'unreachable':
      return failure.message + advice(failure.code);
    case 'refused':
      return `the engine answered ${failure.status}: ${failure.message}`;
    case 'deadline':
      return `no answer within ${failure.ms / 1000} s`;
    case 'garbage':
      return `the engine's answer can't be understood: ${failure.message}`;
    case 'closed':
      return 'the connection was closed by chorewheel';
    default:
      return assertNever(failure);
  }
}

function advice(code: string | undefined): string {
  switch (code) {
    case 'EACCES':
      return ' (chorewheel may not use this socket: run it with the group that owns it)';
    case 'ENOENT':
      return ' (is the engine running, and is its socket mounted at this path?)';
    default:
      return '';
  }
}

/** Classifies what docker-modem, Node's HTTP and TLS, or our own readers throw. */
export function toFailure(error: unknown): EngineFailure {
  if (error instanceof GarbageError) return { kind: 'garbage', message: error.message };
  const facts = (error ?? {}) as { code?: unknown; errors?: unknown };
  // Connecting to a name with several addresses fails with one error per address, and no message of its own.
  const first = Array.isArray(facts.errors) ? (facts.errors[0] as unknown) : undefined;
  if (first !== undefined) return toFailure(first);
  return {
    kind: 'unreachable',
    message: error instanceof Error ? error.message : String(error),
    code: typeof facts.code === 'string' ? facts.code : undefined,
  };
}
