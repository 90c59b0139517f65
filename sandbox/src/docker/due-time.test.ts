import { describe, expect, test } from 'vitest';
import { dueOf } from './due-time.ts';
import type { ContainerTimes, ListedContainer } from './engine.ts';

const NOW_MS = 1_800_000_000_000;
const NEVER: ContainerTimes = { startedAtMs: null, finishedAtMs: null, pid: 0 };

function container(state: string, labels: Record<string, string>, ageMs = 1000): ListedContainer {
  return { id: 'c', state, createdAtMs: NOW_MS - ageMs, labels };
}

function startedAgo(ms: number): ContainerTimes {
  return { startedAtMs: NOW_MS - ms, finishedAtMs: null, pid: 77 };
}

describe('dueOf', () => {
  test('a running one: five seconds after its own deadline, counted from its start', () => {
    const running = container('running', { 'runyard.deadline-ms': '20000' }, 9_000);
    expect(dueOf(running, startedAgo(8_000), NOW_MS)).toEqual({ reason: 'past_deadline', inMs: 17_000 });
    expect(dueOf(running, startedAgo(30_000), NOW_MS)).toEqual({ reason: 'past_deadline', inMs: -5_000 });
  });

  test.each(['paused', 'restarting'])('a %s one counts as running', (state) => {
    const due = dueOf(container(state, { 'runyard.deadline-ms': '1000' }), startedAgo(0), NOW_MS);
    expect(due).toEqual({ reason: 'past_deadline', inMs: 6_000 });
  });

  test('the earlier of two times counts', () => {
    const labels = { 'runyard.deadline-ms': '60000', 'runyard.expires': String(NOW_MS + 1_000) };
    expect(dueOf(container('running', labels), startedAgo(0), NOW_MS)).toEqual({ reason: 'expired', inMs: 6_000 });
  });

  test('a clock that was set back by an hour lengthens no life', () => {
    const running = container('running', { 'runyard.deadline-ms': '20000' });
    expect(dueOf(running, startedAgo(-3_600_000), NOW_MS)).toEqual({ reason: 'past_deadline', inMs: 25_000 });
  });

  test('one that was never started: a minute after it was made, however long it might have lived', () => {
    const labels = { 'runyard.deadline-ms': '900000', 'runyard.expires': String(NOW_MS + 900_000) };
    const due = dueOf(container('created', labels, 61_000), NEVER, NOW_MS);
    expect(due).toEqual({ reason: 'never_started', inMs: -1_000 });
  });

  test.each(['exited', 'dead'])('one that is %s and that nobody took away: ten seconds after its end', (state) => {
    const times = { startedAtMs: NOW_MS - 50_000, finishedAtMs: NOW_MS - 3_000, pid: 0 };
    const due = dueOf(container(state, { 'runyard.deadline-ms': '900000' }), times, NOW_MS);
    expect(due).toEqual({ reason: 'left_behind', inMs: 7_000 });
  });

  test('one that ended near its deadline: five seconds after the later of the two', () => {
    const labels = { 'runyard.deadline-ms': '50000' };
    const before = { startedAtMs: NOW_MS - 50_000, finishedAtMs: NOW_MS - 2_000, pid: 0 };
    expect(dueOf(container('exited', labels), before, NOW_MS)).toEqual({ reason: 'left_behind', inMs: 5_000 });
    const after = { startedAtMs: NOW_MS - 54_000, finishedAtMs: NOW_MS - 1_000, pid: 0 };
    expect(dueOf(container('exited', labels), after, NOW_MS)).toEqual({ reason: 'left_behind', inMs: 4_000 });
  });

  test.each(['', '0', '-5', 'NaN', '1e9', ' 5', '99999999999999999'])('a time that says %j is none', (text) => {
    const labels = { 'runyard.deadline-ms': text, 'runyard.expires': text };
    expect(dueOf(container('running', labels), startedAgo(0), NOW_MS)).toBeNull();
  });

  test('one that is going already is left alone', () => {
    expect(dueOf(container('removing', { 'runyard.deadline-ms': '1' }), startedAgo(99_000), NOW_MS)).toBeNull();
  });
});
