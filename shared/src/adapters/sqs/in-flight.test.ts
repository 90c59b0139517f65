import { expect, test } from 'vitest';
import { InFlight } from './in-flight.ts';

const HOUR_MS = 3600 * 1000;
const first = { kind: 'work', queue: 'python', messageId: 'm', handle: 'h/1' } as const;

test('a receipt names its delivery until the message is delivered again or deleted', () => {
  const held = new InFlight(() => 0);
  const one = held.add(first);
  expect(held.find('work', one)).toMatchObject(first);
  expect(held.find('dead', one)).toBeNull();
  const two = held.add({ ...first, handle: 'h/2' });
  expect(held.find('work', one)).toBeNull();
  expect(held.find('work', two)).toMatchObject({ handle: 'h/2' });
  held.remove(one);
  expect(held.find('work', two)).not.toBeNull();
  held.remove(two);
  expect(held.find('work', two)).toBeNull();
});

test('what nobody deleted is forgotten after 12 hours', () => {
  let nowMs = 0;
  const held = new InFlight(() => nowMs);
  const old = held.add(first);
  nowMs = 12 * HOUR_MS - 1;
  const young = held.add({ ...first, messageId: 'n', handle: 'h/3' });
  expect(held.find('work', old)).not.toBeNull();
  nowMs += 1;
  held.add({ ...first, messageId: 'o', handle: 'h/4' });
  expect(held.find('work', old)).toBeNull();
  expect(held.find('work', young)).not.toBeNull();
});
