import type { Answer, LauncherName, SeenJob, World } from '../case.ts';
import { askServer, sendRaw } from './answers.ts';
import { compareJob } from './compare.ts';
import { readHostState } from './host-state.ts';
import { finishJob } from './jobs.ts';
import type { ServerUnderTest } from './server-under-test.ts';

/** What one case saw so far, in the order in which it ended. */
export interface Log {
  readonly jobs: SeenJob[];
  readonly answers: Answer[];
  readonly notes: string[];
}

export function makeWorld(launcher: LauncherName, target: ServerUnderTest, log: Log): World {
  const { server } = target;
  const { client, url } = server;
  const finish: World['finish'] = async (job, submission) => kept(log.jobs, await finishJob(client, job, submission));
  return {
    launcher,
    url,
    serverPid: target.pid,
    serverOutput: () => server.output,
    submit: (submission) => client.submit(submission),
    finish,
    run: async (submission) => finish(await client.submit(submission), submission),
    compare: compareJob,
    request: async (asked) => kept(log.answers, await askServer(url, asked)),
    raw: async (pieces, deadlineMs) => kept(log.answers, await sendRaw(url, pieces, deadlineMs)),
    hostState: () => readHostState(target),
    note: (text) => void log.notes.push(text),
  };
}

function kept<T>(list: T[], value: T): T {
  list.push(value);
  return value;
}
