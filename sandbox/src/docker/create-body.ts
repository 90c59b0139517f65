import type { ContainerCreateOptions } from 'dockerode';
import type { PlaceLimits } from '../sandbox.ts';
import { dockerProfile } from '../seccomp/index.ts';
import { MASKED_PATHS, READONLY_PATHS } from './hidden-paths.ts';

export const LABEL = {
  sandbox: 'runyard.sandbox',
  owner: 'runyard.owner',
  /** Epoch ms after which the reaper may remove it, whatever its owner does. */
  expires: 'runyard.expires',
  /** Longest life after the start, in ms: what the reaper counts when nobody else has ended it. */
  deadline: 'runyard.deadline-ms',
} as const;

const MIB = 1024 * 1024;

/** Inline, so that an engine on another machine needs no file of ours. */
const SECCOMP = JSON.stringify(dockerProfile());

/** Scratch space inside; it counts as the place's memory. */
const SCRATCH = { boxMiB: 64, tmpMiB: 32, shmMiB: 16, programMiB: 64, inodes: 4096 } as const;

/** A runtime written in Go has a dozen threads before it becomes PID 1. */
const RUNTIME_TASKS = 32;
const RUNTIME_BYTES = 32 * MIB;

export interface CreateRequest {
  /** The engine's own id of it: a name can come to mean another image. */
  readonly image: string;
  readonly runtime: string | null;
  readonly uid: number;
  readonly sandboxId: string;
  readonly ownerId: string;
  readonly expiresAtMs: number;
  readonly limits: PlaceLimits;
  /** Null where the engine's cgroup driver does not take plain paths. */
  readonly cgroupParent: string | null;
  /** The only CPU it may use, or null for all. */
  readonly cpu: number | null;
}

/** The whole body of one `POST /containers/create`. Nothing in it comes from a client: only numbers within bounds and names of ours. */
export function createBody(request: CreateRequest): ContainerCreateOptions {
  return {
    name: `runyard-u${request.uid}`,
    Image: request.image,
    // An image's own entry point, user, health check and volumes must not matter.
    Entrypoint: ['/opt/runyard/supervisor'],
    Cmd: ['--uid', String(request.uid), ...(isGvisor(request.runtime) ? ['--own-kernel', '1'] : [])],
    User: '0:0',
    Env: [],
    WorkingDir: '/',
    Hostname: 'runyard',
    Healthcheck: { Test: ['NONE'] },
    Tty: false,
    OpenStdin: true,
    StdinOnce: true,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    NetworkDisabled: true,
    Labels: {
      [LABEL.sandbox]: request.sandboxId,
      [LABEL.owner]: request.ownerId,
      [LABEL.expires]: String(request.expiresAtMs),
      [LABEL.deadline]: String(request.limits.deadlineMs),
    },
    HostConfig: hostConfig(request),
  };
}

type HostConfig = NonNullable<ContainerCreateOptions['HostConfig']> & { readonly CgroupnsMode: 'private' };

function hostConfig(request: CreateRequest): HostConfig {
  const hasGvisor = isGvisor(request.runtime);
  const memoryBytes = initialMemoryLimit(request.limits.memoryBytes, hasGvisor);
  const owner = `uid=${request.uid},gid=${request.uid}`;
  return {
    ...(request.runtime === null ? {} : { Runtime: request.runtime }),
    ...(request.cgroupParent === null ? {} : { CgroupParent: request.cgroupParent }),
    ...(request.cpu === null ? {} : { CpusetCpus: String(request.cpu) }),
    NetworkMode: 'none',
    ReadonlyRootfs: true,
    // uid= and gid= because runc ignores mode= where the directory exists (finding F4); the image's folders have these modes.
    Tmpfs: {
      '/box': `rw,exec,nosuid,nodev,size=${SCRATCH.boxMiB}m,nr_inodes=${SCRATCH.inodes},mode=0700,${owner}`,
      '/tmp': `rw,noexec,nosuid,nodev,size=${SCRATCH.tmpMiB}m,nr_inodes=${SCRATCH.inodes},mode=1777,uid=0,gid=0`,
      '/program': `rw,exec,nosuid,nodev,size=${SCRATCH.programMiB}m,nr_inodes=${SCRATCH.inodes},mode=0755,uid=0,gid=0`,
      // In place of the engine's own, which has no bound on its inodes.
      '/dev/shm': `rw,noexec,nosuid,nodev,size=${SCRATCH.shmMiB}m,nr_inodes=${SCRATCH.inodes},mode=1777,uid=0,gid=0`,
    },
    CapDrop: ['ALL'],
    CapAdd: ['SETUID', 'SETGID', 'KILL'],
    SecurityOpt: ['no-new-privileges', `seccomp=${SECCOMP}`],
    Privileged: false,
    PidsLimit: initialPidsLimit(request.limits.processes, hasGvisor),
    Memory: memoryBytes,
    MemorySwap: memoryBytes,
    NanoCpus: request.limits.cpuMilli * 1_000_000,
    OomScoreAdj: 500,
    // Hard limits for PID 1, which lowers them per step. Above the engine's own they are refused, since runc sets them without rights.
    Ulimits: [
      // 1 and not 0: with 0 the kernel still feeds a core_pattern that is a pipe, 1 is its word for none at all (core(5)).
      ulimit('core', 1),
      ulimit('nofile', 4096),
      ulimit('memlock', 65_536),
      ulimit('msgqueue', 0),
      ulimit('sigpending', 256),
    ],
    MaskedPaths: [...MASKED_PATHS],
    ReadonlyPaths: [...READONLY_PATHS],
    IpcMode: 'private',
    CgroupnsMode: 'private',
    PidMode: '',
    UTSMode: '',
    Init: false,
    AutoRemove: false,
    RestartPolicy: { Name: 'no' },
    LogConfig: { Type: 'none', Config: {} },
  };
}

/**
 * gVisor's kernel is a process in the container's own cgroup: what it needs for itself, and its threads (several for each of
 * the program's), come on top of the program's limits. Measured idle: 22 MiB, 40 threads.
 */
const GVISOR = { bytes: 64 * MIB, tasks: 256, tasksPerProcess: 4 } as const;

/** The names by which engines know it. */
export function isGvisor(runtime: string | null): boolean {
  return runtime !== null && /^(runsc|gvisor)/.test(runtime);
}

/** The engine refuses less than 6 MiB. */
export function memoryLimit(bytes: number, hasGvisor: boolean): number {
  return Math.max(bytes, 6 * MIB) + (hasGvisor ? GVISOR.bytes : 0);
}

/** The runtime starts inside the new cgroup and is killed there if it has too little; a smaller limit is set before the step starts. */
export function initialMemoryLimit(bytes: number, hasGvisor: boolean): number {
  return Math.max(memoryLimit(bytes, hasGvisor), RUNTIME_BYTES);
}

/** PID 1 lives in the same cgroup as the step; its helpers run only when the step has no process. */
export function pidsLimit(processes: number, hasGvisor: boolean): number {
  return hasGvisor ? GVISOR.tasks + GVISOR.tasksPerProcess * processes : processes + 1;
}

/** The runtime's own threads start inside the new cgroup and need room; a smaller limit is set before the step starts. */
export function initialPidsLimit(processes: number, hasGvisor: boolean): number {
  return Math.max(pidsLimit(processes, hasGvisor), RUNTIME_TASKS);
}

function ulimit(name: string, value: number): { Name: string; Soft: number; Hard: number } {
  return { Name: name, Soft: value, Hard: value };
}
