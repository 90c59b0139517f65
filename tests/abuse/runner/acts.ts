import type { Act, JobAct, World } from '../case.ts';
import { compareAnswer } from './compare.ts';

/** Performs one act and says what was wrong. A refusal or a failure of the server's is wrong, not an exception. */
export async function performAct(act: Act, world: World): Promise<readonly string[]> {
  const faults = await attempt(() => perform(act, world));
  return act.name === undefined ? faults : faults.map((fault) => `${act.name}: ${fault}`);
}

async function perform(act: Act, world: World): Promise<readonly string[]> {
  if ('job' in act) return runJob(act, world);
  if ('together' in act) return runTogether(act.together, world);
  if ('http' in act) return compareAnswer(await world.request(act.http), act.expect);
  if ('raw' in act) return compareAnswer(await world.raw(act.raw, act.deadlineMs), act.expect);
  return act.script(world);
}

async function runJob({ job, expect }: JobAct, world: World): Promise<readonly string[]> {
  return world.compare(await world.run(job), expect);
}

/** Seen in the order of the list, so that checks can tell them apart. */
async function runTogether(acts: readonly JobAct[], world: World): Promise<readonly string[]> {
  const submitted = await Promise.all(acts.map(async (act) => ({ act, job: await world.submit(act.job) })));
  const faults: string[] = [];
  for (const { act, job } of submitted) {
    const found = world.compare(await world.finish(job, act.job), act.expect);
    faults.push(...found.map((fault) => (act.name === undefined ? fault : `${act.name}: ${fault}`)));
  }
  return faults;
}

async function attempt(perform: () => Promise<readonly string[]>): Promise<readonly string[]> {
  try {
    return await perform();
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}
