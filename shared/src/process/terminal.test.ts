import { expect, test, vi } from 'vitest';
import { Terminal } from './terminal.ts';

function recorder(isTTY: boolean): { stream: { isTTY: boolean; write: (text: string) => void }; text: () => string } {
  let written = '';
  return { stream: { isTTY, write: (text) => void (written += text) }, text: () => written };
}

test('in a pipe: plain lines, and a sign of life every 15 s', () => {
  vi.useFakeTimers();
  try {
    const { stream, text } = recorder(false);
    const terminal = new Terminal(stream, () => Date.now());
    terminal.line('begin');
    terminal.running('building');
    vi.advanceTimersByTime(15_000);
    terminal.running('building');
    terminal.running('packing');
    terminal.line('end');
    vi.advanceTimersByTime(60_000);
    expect(text()).toBe('begin\nbuilding\nbuilding (15 s)\npacking\nend\n');
  } finally {
    vi.useRealTimers();
  }
});

test('on a terminal: one line that counts in place and stays when it is done', () => {
  vi.useFakeTimers();
  try {
    const { stream, text } = recorder(true);
    const terminal = new Terminal(stream, () => Date.now());
    terminal.running('building');
    vi.advanceTimersByTime(2_000);
    terminal.done();
    terminal.done();
    const line = '\r\u001b[Kbuilding';
    expect(text()).toBe(`${line}${line} (1 s)${line} (2 s)${line} (2 s)\n`);
  } finally {
    vi.useRealTimers();
  }
});

test('a line that does not fit is cut, since one that wraps cannot be written again in place', () => {
  const { stream, text } = recorder(true);
  const terminal = new Terminal({ ...stream, columns: 10 });
  terminal.running('0123456789abc');
  terminal.done();
  expect(text()).toBe('\r\u001b[K012345678\r\u001b[K012345678\n');
});
