/**
 * Firings that wait for a place in the pool. Each container has a lane, first come first served; the lanes take
 * turns, so that a container with a thousand waiting firings delays another one's only firing by one place.
 * All steps take constant time. A lane exists only while it holds something.
 */
import type { Firing, Member } from './model.ts';

export interface Lane {
  readonly member: Member;
  first: Firing;
  last: Firing;
  previous: Lane;
  next: Lane;
}

export interface WaitingQueue {
  size: number;
  /** The lane whose turn it is; the lanes form a ring. */
  turn: Lane | undefined;
}

export function createQueue(): WaitingQueue {
  return { size: 0, turn: undefined };
}

/** Puts a firing at the end of the lane of its job's container. */
export function enqueue(queue: WaitingQueue, firing: Firing): void {
  const member = firing.job.owner;
  queue.size += 1;
  const lane = member.lane;
  if (lane === undefined) {
    member.lane = openLane(queue, member, firing);
    firing.lane = member.lane;
    return;
  }
  firing.lane = lane;
  firing.previous = lane.last;
  lane.last.next = firing;
  lane.last = firing;
}

/** Takes the next firing in turn. */
export function takeNext(queue: WaitingQueue): Firing | undefined {
  const lane = queue.turn;
  if (lane === undefined) return undefined;
  const firing = lane.first;
  queue.turn = lane.next;
  dequeue(queue, firing);
  return firing;
}

/** Takes a firing out from wherever it waits; nothing happens if it is in no lane. */
export function dequeue(queue: WaitingQueue, firing: Firing): void {
  const lane = firing.lane;
  if (lane === undefined) return;
  queue.size -= 1;
  const { previous, next } = firing;
  if (previous !== undefined) previous.next = next;
  if (next !== undefined) next.previous = previous;
  if (previous === undefined && next === undefined) closeLane(queue, lane);
  else if (previous === undefined && next !== undefined) lane.first = next;
  else if (next === undefined && previous !== undefined) lane.last = previous;
  firing.lane = undefined;
  firing.previous = undefined;
  firing.next = undefined;
}

function openLane(queue: WaitingQueue, member: Member, firing: Firing): Lane {
  const lane = { member, first: firing, last: firing } as Lane;
  const turn = queue.turn ?? lane;
  // The new lane is last in turn: right before the present one.
  lane.next = turn;
  lane.previous = queue.turn === undefined ? lane : turn.previous;
  lane.previous.next = lane;
  turn.previous = lane;
  queue.turn = turn;
  return lane;
}

function closeLane(queue: WaitingQueue, lane: Lane): void {
  lane.member.lane = undefined;
  lane.previous.next = lane.next;
  lane.next.previous = lane.previous;
  if (lane.next === lane) queue.turn = undefined;
  else if (queue.turn === lane) queue.turn = lane.next;
}
