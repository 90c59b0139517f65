import { type Check, missing, ok, okIf, unknown, weak } from '../check.ts';

const ARCHITECTURES: ReadonlySet<string> = new Set(['x64', 'arm64']);
const NAMESPACES = ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'uts'];
/** Counted by the kernel itself, without a call that leaves the virtual machine. */
const GOOD_CLOCKS = /^(tsc|kvm-clock|hyperv_clocksource.*|arch_sys_counter)$/;

/** Kernel and processor: what a place is made of. */
export const HOST_CHECKS: readonly Check[] = [
  {
    id: 'architecture',
    level: 'required',
    why: 'The filter of system calls and the toolchains exist for these architectures alone.',
    fix: 'Run Runyard on x86_64 or aarch64.',
    judge: ({ architecture }) =>
      ARCHITECTURES.has(architecture) ? ok(architecture) : missing(`${architecture} is not supported`),
  },
  {
    id: 'no-new-privs',
    level: 'required',
    why: 'Without it a setuid file inside gives rights that a program must not have.',
    fix: 'Use a Linux kernel of 4.10 or newer.',
    judge: ({ kernel }) => judgeFlag(kernel.hasNoNewPrivs, 'the kernel has it', 'the kernel does not show it'),
  },
  {
    id: 'seccomp',
    level: 'required',
    why: 'Every program runs under a filter of system calls; without it the whole kernel is its to attack.',
    fix: 'Use a kernel with CONFIG_SECCOMP_FILTER.',
    judge: ({ kernel }) => judgeFlag(kernel.hasSeccompFilter, 'filters can be set', 'the kernel has no filters'),
  },
  {
    id: 'namespaces',
    level: 'required',
    why: 'Each job has process ids, mounts, network, names and queues of its own.',
    fix: `Use a kernel with the namespaces ${NAMESPACES.join(', ')}.`,
    judge: ({ kernel }) => {
      const lacking = NAMESPACES.filter((name) => !kernel.namespaces.includes(name));
      return lacking.length === 0 ? ok(kernel.namespaces.join(', ')) : missing(`no ${lacking.join(', ')}`);
    },
  },
  {
    id: 'core-pattern',
    level: 'advised',
    why: 'Where it is a pipe, the kernel starts a program of the host as root for a crash inside, unless the core limit is 1 or less.',
    fix: 'sysctl -w kernel.core_pattern=core',
    judge: ({ kernel }) => okIf(kernel.corePattern, (pattern) => !pattern.startsWith('|')),
  },
  {
    id: 'address-randomisation',
    level: 'advised',
    why: 'Known addresses make exploits of supervisor and kernel easier.',
    fix: 'sysctl -w kernel.randomize_va_space=2',
    judge: ({ kernel }) => okIf(kernel.addressRandomisation, (value) => value === '2'),
  },
  {
    id: 'vsock',
    level: 'advised',
    why: 'AF_VSOCK reaches the hypervisor and is in no network namespace; our filter refuses it, a missing module is one net more.',
    fix: 'echo "install vsock /bin/false" > /etc/modprobe.d/runyard-vsock.conf, where the host does not need it.',
    judge: ({ kernel }) => {
      if (kernel.hasVsock === null) return unknown('cannot be seen');
      return kernel.hasVsock ? weak('the kernel has it') : ok('absent');
    },
  },
  {
    id: 'clock-source',
    level: 'advised',
    why: 'A slow clock costs each step time, and limits are measured with it.',
    fix: 'Choose tsc or kvm-clock in /sys/devices/system/clocksource/clocksource0/current_clocksource.',
    judge: ({ kernel }) => okIf(kernel.clockSource, (source) => GOOD_CLOCKS.test(source)),
  },
  {
    id: 'cpu-vulnerabilities',
    level: 'advised',
    why: 'What the kernel calls vulnerable can be read across processes and from the kernel by timing.',
    fix: 'Update kernel and microcode, and remove mitigations=off from the kernel command line.',
    judge: ({ kernel }) => {
      if (kernel.vulnerabilities === null) return unknown('cannot be read');
      return kernel.vulnerabilities.length === 0 ? ok('none') : weak(kernel.vulnerabilities.join(', '));
    },
  },
  {
    id: 'smt',
    level: 'advised',
    why: 'Sibling threads share caches: one job slows another and can watch it.',
    fix: 'echo off > /sys/devices/system/cpu/smt/control (nosmt), or give each tenant cores of its own.',
    judge: ({ cpu }) => {
      if (cpu.smtActive === null) return unknown('cannot be read');
      if (cpu.smtActive !== '1') return ok('off');
      return weak(cpu.hasCoreScheduling === true ? 'on; core scheduling is there but not used' : 'on');
    },
  },
];

function judgeFlag(value: boolean | null, yes: string, no: string) {
  if (value === null) return unknown('cannot be read');
  return value ? ok(yes) : missing(no);
}
