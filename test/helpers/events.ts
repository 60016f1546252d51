/** Event streams in tests. No step waits for a time: each waits for an event, and the test's own limit ends it. */
import { readdirSync, readlinkSync } from 'node:fs';
import type { EventStream } from '../../src/index.js';
import { cleanUp } from './namespaces.js';

/** A stream that listens; closed with the test. */
export async function listening<Event>(stream: EventStream<Event>): Promise<EventStream<Event>> {
  cleanUp(async () => stream.close());
  await stream.ready;
  return stream;
}

/** Events up to the first of which this holds, with it. */
export async function until<Event>(
  stream: EventStream<Event>,
  last: (event: Event) => boolean,
): Promise<[Event, ...Event[]]> {
  const events: Event[] = [];
  for (;;) {
    const { done, value } = await stream.next();
    if (done) throw new Error(`the stream ended after ${JSON.stringify(events)}`);
    events.push(value);
    if (last(value)) return events as [Event, ...Event[]];
  }
}

/** The first of which this holds. */
export async function firstOf<Event>(stream: EventStream<Event>, wanted: (event: Event) => boolean): Promise<Event> {
  return (await until(stream, wanted)).at(-1) as Event;
}

/** Sockets that the process has open. */
export function openSockets(): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:');
    } catch {
      return false;
    }
  }).length;
}
