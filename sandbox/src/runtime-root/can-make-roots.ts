import { readFileSync } from 'node:fs';

/** capabilities(7). */
const CAP_SYS_ADMIN = 21n;

/** A runtime root is made by mounts and chroots: root's in a container usually may neither. */
export function canMakeRoots(): boolean {
  if (process.getuid?.() !== 0) return false;
  try {
    const mask = /^CapEff:\t([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    return mask !== undefined && ((BigInt(`0x${mask}`) >> CAP_SYS_ADMIN) & 1n) === 1n;
  } catch {
    return false;
  }
}
