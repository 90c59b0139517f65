import { describe, expect, test } from 'vitest';
import { runCommand } from './language.ts';

const MIB = 1024 * 1024;

describe('runCommand', () => {
  const language = { run: { argv: ['vm', '--heap=${heapMiB}m', '-m', '${memoryMiB}', '${HOME}'] } };

  test.each([
    [512, ['vm', '--heap=399m', '-m', '512', '${HOME}']],
    [1024, ['vm', '--heap=798m', '-m', '1024', '${HOME}']],
    [1, ['vm', '--heap=1m', '-m', '1', '${HOME}']],
  ])('%d MiB', (memoryMiB, expected) => {
    expect(runCommand(language, memoryMiB * MIB)).toEqual(expected);
  });
});
