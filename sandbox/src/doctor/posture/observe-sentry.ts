import { readFileSync } from 'node:fs';
import type { Posture } from './observe.ts';
import { observeProcess } from './observe.ts';
import { observeCgroup } from './observe-cgroup.ts';
import { observeMounts } from './observe-mounts.ts';

/** Flags of runsc that a promise rests on; others may change with its version. */
const FLAGS = ['platform', 'network', 'oci-seccomp', 'ignore-cgroups', 'rootless', 'host-uds', 'file-access'];

/**
 * With gVisor the host sees no process of the place, only the sentry that is its kernel: programs are its threads and
 * their system calls end in it. Throws when the process is gone.
 */
export function observeSentry(pid: number): Posture {
  const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  const isSentry = words.includes('boot') && words.some((word) => word.includes('runsc'));
  const facts = Object.entries({
    active: isSentry ? 'runsc' : 'not runsc',
    ...flagsOf(words),
    ...withoutLimits(observeProcess(pid)),
  }).map(([name, value]) => [`sentry.${name}`, value] as const);
  const mounts = Object.entries(observeMounts(readFileSync(`/proc/${pid}/mountinfo`, 'utf8')));
  const groups = Object.entries(observeCgroup(readFileSync(`/proc/${pid}/cgroup`, 'utf8')));
  return Object.fromEntries([
    ...facts,
    ...mounts.map(([name, value]) => [`mount.${name}`, value] as const),
    ...groups.map(([name, value]) => [`cgroup.${name}`, value] as const),
  ]);
}

function flagsOf(words: readonly string[]): Posture {
  return Object.fromEntries(
    FLAGS.map((name) => {
      const word = words.find((candidate) => candidate === `--${name}` || candidate.startsWith(`--${name}=`));
      return [`flag.${name}`, word === undefined ? 'default' : (word.split('=')[1] ?? 'true')];
    }),
  );
}

/** The program's limits are the sentry's own business; those of its process are the engine's. */
function withoutLimits(facts: Posture): Posture {
  return Object.fromEntries(Object.entries(facts).filter(([name]) => !name.startsWith('limit.')));
}
