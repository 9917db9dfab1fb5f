/** An answer of the engine that is an error: status and its words. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly code = 'ENGINE_ERROR';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}
