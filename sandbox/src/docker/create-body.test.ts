import { describe, expect, test } from 'vitest';
import { createBody } from './create-body.ts';

const request = {
  image: 'runyard/sandbox:1',
  runtime: null,
  uid: 205_001,
  sandboxId: 'owner.1',
  ownerId: 'owner',
  expiresAtMs: 5,
  limits: { memoryBytes: 268_435_456, processes: 64, cpuMilli: 1000, deadlineMs: 1000 },
  cgroupParent: null,
  cpu: null,
};
const body = createBody(request);

describe('createBody', () => {
  test('the name leases the uid for the whole engine', () => {
    expect(body.name).toBe('runyard-u205001');
    expect(body.Cmd).toEqual(['--uid', '205001']);
  });

  test('memory and swap are one limit, in bytes; the CPU is a quota', () => {
    expect(body.HostConfig).toMatchObject({
      Memory: 268_435_456,
      MemorySwap: 268_435_456,
      NanoCpus: 1_000_000_000,
      PidsLimit: 65,
    });
  });

  // A key that is not in this list would be a way out of the sandbox or of its limits: adding one needs a decision.
  test('holds exactly the known host settings, and none that reaches the host', () => {
    expect(Object.keys(body.HostConfig ?? {}).sort()).toEqual([
      'AutoRemove',
      'CapAdd',
      'CapDrop',
      'CgroupnsMode',
      'Init',
      'IpcMode',
      'LogConfig',
      'MaskedPaths',
      'Memory',
      'MemorySwap',
      'NanoCpus',
      'NetworkMode',
      'OomScoreAdj',
      'PidMode',
      'PidsLimit',
      'Privileged',
      'ReadonlyPaths',
      'ReadonlyRootfs',
      'RestartPolicy',
      'SecurityOpt',
      'Tmpfs',
      'UTSMode',
      'Ulimits',
    ]);
    expect(body.HostConfig).toMatchObject({
      Privileged: false,
      NetworkMode: 'none',
      CapDrop: ['ALL'],
      ReadonlyRootfs: true,
    });
    expect(body.NetworkDisabled).toBe(true);
  });

  test('holds exactly the known settings of the container', () => {
    expect(Object.keys(body).sort()).toEqual([
      'AttachStderr',
      'AttachStdin',
      'AttachStdout',
      'Cmd',
      'Entrypoint',
      'Env',
      'Healthcheck',
      'HostConfig',
      'Hostname',
      'Image',
      'Labels',
      'NetworkDisabled',
      'OpenStdin',
      'StdinOnce',
      'Tty',
      'User',
      'WorkingDir',
      'name',
    ]);
  });

  test('bounds what is counted per user over the whole host (F6), and core files', () => {
    expect(body.HostConfig?.Ulimits).toEqual([
      { Name: 'core', Soft: 1, Hard: 1 },
      { Name: 'nofile', Soft: 4096, Hard: 4096 },
      { Name: 'memlock', Soft: 65_536, Hard: 65_536 },
      { Name: 'msgqueue', Soft: 0, Hard: 0 },
      { Name: 'sigpending', Soft: 256, Hard: 256 },
    ]);
  });

  test('names one CPU where one is leased', () => {
    expect(createBody({ ...request, cpu: 3 }).HostConfig).toMatchObject({ CpusetCpus: '3' });
  });

  test('tells PID 1 when the kernel is its own', () => {
    expect(createBody({ ...request, runtime: 'runsc' }).Cmd).toEqual(['--uid', '205001', '--own-kernel', '1']);
  });

  test('carries the labels of the reaper', () => {
    expect(body.Labels).toEqual({
      'runyard.sandbox': 'owner.1',
      'runyard.owner': 'owner',
      'runyard.expires': '5',
      'runyard.deadline-ms': '1000',
    });
  });
});
