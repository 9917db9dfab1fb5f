/** Reads server-sent events from a response. */
export interface ServerEvent {
  readonly event: string;
  readonly data: unknown;
}

/** Comments are left out. Leaving the loop tells the other side that nobody reads on. */
export async function* serverEvents(response: Response): AsyncGenerator<ServerEvent> {
  if (response.body === null) return;
  const decoder = new TextDecoder();
  let waiting = '';
  for await (const chunk of response.body) {
    waiting += decoder.decode(chunk as Uint8Array, { stream: true });
    const blocks = waiting.split('\n\n');
    waiting = blocks.pop() ?? '';
    for (const block of blocks) {
      const fields = new Map(
        block
          .split('\n')
          .map((line) => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)]),
      );
      const data = fields.get('data');
      if (data !== undefined) yield { event: fields.get('event') ?? 'message', data: JSON.parse(data) };
    }
  }
}
