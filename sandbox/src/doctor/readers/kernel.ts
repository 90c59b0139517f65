import { release } from 'node:os';
import { gunzipSync } from 'node:zlib';
import type { CpuFacts, KernelFacts, MemoryFacts } from '../facts.ts';
import type { FileReader } from './file-reader.ts';

const CPU = '/sys/devices/system/cpu';
const MM = '/sys/kernel/mm';

export function readKernel(files: FileReader): KernelFacts {
  const status = files.text('/proc/self/status');
  const actions = files.text('/proc/sys/kernel/seccomp/actions_avail');
  return {
    release: release(),
    corePattern: files.text('/proc/sys/kernel/core_pattern'),
    addressRandomisation: files.text('/proc/sys/kernel/randomize_va_space'),
    hasSeccompFilter: status === null ? null : actions !== null && actions.split(' ').includes('errno'),
    hasNoNewPrivs: status === null ? null : /^NoNewPrivs:/m.test(status),
    namespaces: files.names('/proc/self/ns'),
    hasVsock: hasVsock(files),
    clockSource: files.text('/sys/devices/system/clocksource/clocksource0/current_clocksource'),
    vulnerabilities: vulnerabilitiesOf(files),
  };
}

/** Built in, it is in no list of modules: the device and the list of protocols tell. */
function hasVsock(files: FileReader): boolean | null {
  const protocols = files.text('/proc/net/protocols');
  if (files.exists('/dev/vsock') || files.exists('/sys/module/vsock')) return true;
  return protocols === null ? null : /^AF_VSOCK\b/m.test(protocols);
}

function vulnerabilitiesOf(files: FileReader): readonly string[] | null {
  const names = files.names(`${CPU}/vulnerabilities`);
  if (names.length === 0) return null;
  return names.filter((name) => files.text(`${CPU}/vulnerabilities/${name}`)?.startsWith('Vulnerable') === true);
}

export function readMemory(files: FileReader): MemoryFacts {
  const meminfo = files.text('/proc/meminfo') ?? '';
  const huge = files.text(`${MM}/transparent_hugepage/enabled`);
  return {
    totalBytes: kibibytes(meminfo, 'MemTotal'),
    swapBytes: kibibytes(meminfo, 'SwapTotal'),
    ksm: files.text(`${MM}/ksm/run`) ?? (files.exists(MM) ? 'absent' : null),
    overcommit: files.text('/proc/sys/vm/overcommit_memory'),
    hugePages: huge === null ? null : (/\[(\w+)\]/.exec(huge)?.[1] ?? null),
  };
}

function kibibytes(meminfo: string, name: string): number | null {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(meminfo)?.[1];
  return found === undefined ? null : Number(found) * 1024;
}

export function readCpu(files: FileReader, cores: number): CpuFacts {
  return { cores, smtActive: files.text(`${CPU}/smt/active`), hasCoreScheduling: hasCoreScheduling(files) };
}

function hasCoreScheduling(files: FileReader): boolean | null {
  const config = files.bytes('/proc/config.gz');
  if (config === null) return null;
  try {
    return /^CONFIG_SCHED_CORE=y$/m.test(gunzipSync(config).toString('latin1'));
  } catch {
    return null;
  }
}
