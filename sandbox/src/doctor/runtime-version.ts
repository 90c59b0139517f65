/** What `runc --version` and its like say, and which named faults that version has upstream. Distributions back-port: a version alone proves nothing. */

export interface RuntimeVersion {
  readonly name: string;
  /** Upstream numbers. */
  readonly numbers: readonly [number, number, number];
  readonly isPrerelease: boolean;
  /** As printed, with what the distribution added. */
  readonly text: string;
}

/** `runc version 1.1.5+ds1`, `crun version 1.8.1`, `runsc version release-20250319.0`; null for anything else. */
export function parseRuntimeVersion(firstLine: string): RuntimeVersion | null {
  const found = /^(\w+)\s+version\s+(?:v|release-)?(\d+)\.(\d+)(?:\.(\d+))?(-rc[.\d]*)?/.exec(firstLine.trim());
  if (found === null) return null;
  const [, name = '', major = '', minor = '', patch = '0', prerelease] = found;
  const numbers = [Number(major), Number(minor), Number(patch)] as const;
  return { name, numbers, isPrerelease: prerelease !== undefined, text: firstLine.trim() };
}

/** The first release of a line that has the fix; later lines have it too. */
interface Fix {
  readonly cve: string;
  readonly what: string;
  readonly fixedIn: readonly (readonly [number, number, number])[];
}

const FIXES: Readonly<Record<string, readonly Fix[]>> = {
  runc: [
    { cve: 'CVE-2019-5736', what: 'overwrites the runtime from inside', fixedIn: [[1, 0, 0]] },
    { cve: 'CVE-2024-21626', what: 'leaked descriptors of the host', fixedIn: [[1, 1, 12]] },
    {
      cve: 'CVE-2025-31133, CVE-2025-52565, CVE-2025-52881',
      what: 'mount races over masked paths',
      fixedIn: [
        [1, 2, 8],
        [1, 3, 3],
        [1, 4, 0],
      ],
    },
  ],
  // crun 1.25 came with those advisories; the project's own statements name no older release as safe.
  crun: [{ cve: 'the mount races of CVE-2025-52881', what: 'in its own code', fixedIn: [[1, 25, 0]] }],
};

/** Named faults that this upstream version has. Empty for a runtime without known ones. */
export function faultsOf(version: RuntimeVersion): readonly string[] {
  const fixes = FIXES[version.name] ?? [];
  return fixes.filter(({ fixedIn }) => !isFixed(version, fixedIn)).map(({ cve, what }) => `${cve} (${what})`);
}

function isFixed(version: RuntimeVersion, fixedIn: Fix['fixedIn']): boolean {
  const [major, minor] = version.numbers;
  const line = fixedIn.find((fix) => fix[0] === major && fix[1] === minor);
  const newest = fixedIn.at(-1);
  // A line of its own decides; without one, only what is younger than all lines has the fix.
  const needed = line ?? newest;
  if (needed === undefined) return true;
  const order = compare(version.numbers, needed);
  return order > 0 || (order === 0 && !version.isPrerelease);
}

export function compare(a: readonly number[], b: readonly number[]): number {
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return Math.sign(difference);
  }
  return 0;
}
