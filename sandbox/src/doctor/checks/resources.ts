import { type Check, missing, ok, okIf, unknown, weak } from '../check.ts';
import type { HostFacts } from '../facts.ts';

const CONTROLLERS = ['memory', 'pids', 'cpu'];
const MIB = 1024 * 1024;
/** What the host itself, the engine and our own processes need beside all jobs at once. */
const RESERVED_BYTES = 512 * MIB;

/** Memory, cgroups and users: what limits are made of. */
export const RESOURCE_CHECKS: readonly Check[] = [
  {
    id: 'cgroup-controllers',
    level: 'required',
    why: 'Memory, processes and CPU time of a job are limited by these controllers and by nothing else.',
    fix: 'Boot without cgroup_disable=, or delegate memory, pids and cpu to the engine.',
    judge: ({ cgroups }) => {
      const lacking = CONTROLLERS.filter((name) => !cgroups.controllers.includes(name));
      if (lacking.length > 0) return missing(`no ${lacking.join(', ')}`);
      return ok(`${cgroups.version}: ${cgroups.controllers.join(', ')}`);
    },
  },
  {
    id: 'uid-range',
    level: 'required',
    why: 'A host user with a job’s uid shares kernel quotas with it and owns what it writes.',
    fix: 'Give those users another uid; 200000 to 209999 are Runyard’s.',
    judge: ({ users }) =>
      users.inRange.length === 0 ? ok('200000 to 209999 are free') : missing(`used by ${firstOf(users.inRange)}`),
  },
  {
    id: 'subordinate-uids',
    level: 'advised',
    why: 'Rootless containers of a host user may run as the uid of a job and share its quotas.',
    fix: 'Move the ranges in /etc/subuid away from 200000 to 209999.',
    judge: ({ users }) =>
      users.subordinate.length === 0 ? ok('no overlap') : weak(`overlap: ${firstOf(users.subordinate)}`),
  },
  {
    id: 'cgroup-version',
    level: 'advised',
    why: 'Version 2 kills a whole group at once and counts out-of-memory kills and peaks for the whole tree.',
    fix: 'Boot with systemd.unified_cgroup_hierarchy=1.',
    judge: ({ cgroups, launcher }) => {
      if (cgroups.version === 'v2') return ok('v2');
      return cgroups.version === 'v1' ? weak(`v1 (supported by the ${launcher} launcher)`) : missing('none');
    },
  },
  {
    id: 'cpuset',
    level: 'advised',
    why: 'A core of its own keeps a job’s times free of its neighbours.',
    fix: 'Enable the cpuset controller.',
    judge: ({ cgroups }) => (cgroups.controllers.includes('cpuset') ? ok('there') : weak('no cpuset controller')),
  },
  {
    id: 'swap',
    level: 'advised',
    why: 'Secrets reach the disk, and a job that swaps slows all others.',
    fix: 'swapoff -a, and remove swap from /etc/fstab.',
    judge: ({ memory }) => {
      if (memory.swapBytes === null) return unknown('cannot be read');
      return memory.swapBytes === 0 ? ok('none') : weak(mib(memory.swapBytes));
    },
  },
  {
    id: 'ksm',
    level: 'advised',
    why: 'Merged pages tell one tenant by timing what another has in memory.',
    fix: 'echo 2 > /sys/kernel/mm/ksm/run',
    judge: ({ memory }) => okIf(memory.ksm, (run) => run === '0' || run === '2' || run === 'absent'),
  },
  {
    id: 'overcommit',
    level: 'advised',
    why: 'With strict accounting, runtimes that reserve much and use little cannot start; without any, nothing is refused.',
    fix: 'sysctl -w vm.overcommit_memory=0',
    judge: ({ memory }) => okIf(memory.overcommit, (value) => value === '0'),
  },
  {
    id: 'huge-pages',
    level: 'advised',
    why: 'Where the kernel uses huge pages unasked, the memory of the same program differs from run to run.',
    fix: 'echo madvise > /sys/kernel/mm/transparent_hugepage/enabled',
    judge: ({ memory }) => okIf(memory.hugePages, (word) => word !== 'always'),
  },
  { ...memoryOfSlots(), level: 'advised' },
  {
    id: 'oom-scores',
    level: 'advised',
    why: 'When the host runs out of memory, the kernel should choose a job; a program can set its own score down to 0.',
    fix: 'OOMScoreAdjust=-900 in the units of dockerd, containerd and Runyard.',
    judge: ({ processes }) => {
      const all = Object.entries(processes.oomScores);
      const bare = all.filter(([, score]) => score >= 0).map(([name, score]) => `${name} ${score}`);
      if (all.length === 0) return unknown('no such process was found');
      return bare.length === 0 ? ok(all.map(([name, score]) => `${name} ${score}`).join(', ')) : weak(bare.join(', '));
    },
  },
  {
    id: 'metadata-service',
    level: 'advised',
    why: 'Who gets hold of this process could ask the cloud for credentials; jobs themselves have no network.',
    fix: 'Set the hop limit of the metadata service to 1 and let a firewall drop 169.254.169.254 for other users than the executor.',
    judge: ({ network }) => {
      if (network.metadataAnswers === null) return unknown('was not asked');
      return network.metadataAnswers ? weak('answers from here') : ok('does not answer from here');
    },
  },
];

function memoryOfSlots(): Omit<Check, 'level'> {
  return {
    id: 'memory-of-all-slots',
    why: 'When all jobs together may use more than there is, the host’s own out-of-memory killer decides.',
    fix: 'Lower RUNYARD_SLOTS, or give the host more memory.',
    judge: ({ memory, plan, engine }: HostFacts) => {
      const totalBytes = engine?.memoryBytes ?? memory.totalBytes;
      if (totalBytes === null) return unknown('cannot be read');
      const wanted = plan.slots * plan.slotMemoryBytes;
      const found = `${plan.slots} × ${mib(plan.slotMemoryBytes)} of ${mib(totalBytes)}`;
      return wanted + RESERVED_BYTES <= totalBytes ? ok(found) : weak(found);
    },
  };
}

function mib(bytes: number): string {
  return `${Math.round(bytes / MIB)} MiB`;
}

const SHOWN = 5;

/** A host may have thousands. */
function firstOf(names: readonly string[]): string {
  const more = names.length - SHOWN;
  return `${names.slice(0, SHOWN).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
