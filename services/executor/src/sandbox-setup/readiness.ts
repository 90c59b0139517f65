import type { SampleState } from './startup-check.ts';

/** So many faults of ours in a row are no chance: jobs sent here would fail. */
const MAX_FAULTS_IN_A_ROW = 3;

export interface SandboxReadiness {
  readonly isReady: boolean;
  /** For everybody: no secrets, as `/health/ready` shows it. */
  readonly detail: string;
}

/** What `/health/ready` says about running programs. */
export function sandboxReadiness(state: {
  readonly isStopping: boolean;
  /** What jobs need and is missing, or null. */
  readonly trouble: string | null;
  readonly faultsInARow: number;
  readonly samples: ReadonlyMap<string, SampleState>;
}): SandboxReadiness {
  if (state.isStopping) return { isReady: false, detail: 'shutting down' };
  if (state.trouble !== null) return { isReady: false, detail: state.trouble };
  if (state.faultsInARow >= MAX_FAULTS_IN_A_ROW) {
    return { isReady: false, detail: `the last ${state.faultsInARow} runs failed by a fault of the server` };
  }
  return { isReady: true, detail: describeSamples(state.samples) };
}

function describeSamples(samples: ReadonlyMap<string, SampleState>): string {
  const parts = (['passed', 'pending', 'failed'] as const).flatMap((wanted) => {
    const names = [...samples].filter(([, state]) => state === wanted).map(([name]) => name);
    return names.length === 0 ? [] : [`${wanted}: ${names.join(', ')}`];
  });
  return `samples ${parts.join('; ')}`;
}
