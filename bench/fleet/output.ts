/**
 * The exec stream on a raw socket, framed as the engine does it: 8 bytes (stream, three zeros, length), then
 * the payload. What is written within one turn leaves in one piece, so that a short command costs one write.
 */
import type { Socket } from 'node:net';
import type { Sink } from './execution.ts';
import type { Faults } from './faults.ts';

const PLAIN_HEAD =
  'HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\nApi-Version: 1.41\r\nServer: Docker/20.10.24 (fleet)\r\n\r\n';
const UPGRADE_HEAD =
  'HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nApi-Version: 1.41\r\nServer: Docker/20.10.24 (fleet)\r\n\r\n';

export function frame(stream: 1 | 2, payload: Buffer): Buffer {
  const framed = Buffer.allocUnsafe(8 + payload.length);
  framed.writeUInt32BE(stream << 24, 0);
  framed.writeUInt32BE(payload.length, 4);
  payload.copy(framed, 8);
  return framed;
}

/** Answers an exec start on `socket` and returns where its output goes. */
export function execStream(socket: Socket, upgrade: boolean, tty: boolean, faults: Faults): Sink {
  socket.cork();
  socket.write(upgrade ? UPGRADE_HEAD : PLAIN_HEAD, 'latin1');
  let corked = true;
  process.nextTick(() => {
    if (corked) socket.uncork();
    corked = false;
  });
  // A reader that goes away shows as an error or a close; both only end the stream, never the process.
  socket.on('error', () => socket.destroy());
  return {
    get closed() {
      return socket.destroyed || !socket.writable;
    },
    write(stream, bytes) {
      if (socket.destroyed) return true;
      const whole = tty ? bytes : frame(stream, bytes);
      if (faults.frames === 'whole') return socket.write(whole);
      let keepOn = true;
      for (const piece of faults.pieces(whole)) keepOn = socket.write(piece);
      return keepOn;
    },
    onDrain(then) {
      if (socket.destroyed) setImmediate(then);
      else {
        const once = (): void => {
          socket.off('drain', once);
          socket.off('close', once);
          then();
        };
        socket.on('drain', once);
        socket.on('close', once);
      }
    },
    end() {
      socket.end();
    },
  };
}

/** Output of a detached exec: nobody reads it. */
export function discard(): Sink {
  return { closed: false, write: () => true, onDrain: (then) => setImmediate(then), end: () => {} };
}
