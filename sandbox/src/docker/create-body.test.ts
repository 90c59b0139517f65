import { describe, expect, test } from 'vitest';
import { createBody } from './create-body.ts';

const body = createBody({
  image: 'runyard/sandbox:1',
  runtime: null,
  uid: 205_001,
  sandboxId: 'owner.1',
  ownerId: 'owner',
  expiresAtMs: 5,
  limits: { memoryBytes: 268_435_456, processes: 64, cpuMilli: 1000, deadlineMs: 1000 },
  cgroupParent: null,
});

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

  test('carries the labels of the reaper', () => {
    expect(body.Labels).toEqual({
      'runyard.sandbox': 'owner.1',
      'runyard.owner': 'owner',
      'runyard.expires': '5',
      'runyard.deadline-ms': '1000',
    });
  });
});
