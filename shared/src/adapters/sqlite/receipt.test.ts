import { expect, test } from 'vitest';
import { formatReceipt, parseReceipt } from './receipt.ts';

test('a receipt is read as it was written', () => {
  expect(formatReceipt({ id: 12, receiveCount: 3 })).toBe('12.3');
  expect(parseReceipt('12.3')).toEqual({ id: 12, receiveCount: 3 });
});

test.each(['', '.', '1', '1.', '.1', '0.1', '1.0', '01.1', '1.1.1', '-1.1', '1e3.1', ' 1.1', '1.1\n', '9'.repeat(40)])(
  '%j is no receipt',
  (text) => {
    expect(parseReceipt(text)).toBeNull();
  },
);
