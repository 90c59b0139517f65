/*
 * What reads as empty inside: facts about the host and its other tenants, power and interrupt side channels. The engine's own
 * list is in it, because passing one replaces that. Runtimes need cpuinfo, meminfo, stat, version and self/ of /proc. /sys
 * cannot go as a whole: PID 1 reads its cgroup there.
 */

const PROC = `acpi asound buddyinfo bus cmdline config.gz diskstats driver dynamic_debug fs interrupts iomem ioports irq
  kallsyms kcore key-users keys kmsg kpagecgroup kpagecount kpageflags latency_stats locks mdstat modules pagetypeinfo
  partitions pressure sched_debug schedstat scsi slabinfo softirqs sysrq-trigger timer_list timer_stats vmallocinfo vmstat
  zoneinfo sys/kernel/random/boot_id`;
const SYS = 'block bus class dev devices firmware fs/ext4 hypervisor kernel module power';

export const MASKED_PATHS: readonly string[] = [...below('/proc', PROC), ...below('/sys', SYS)];
export const READONLY_PATHS: readonly string[] = below('/proc', 'bus fs irq sys sysrq-trigger');

function below(folder: string, names: string): readonly string[] {
  return names.split(/\s+/).map((name) => `${folder}/${name}`);
}
