/**
 * The sweeper as a service: repairs what crashes and lost messages left in DynamoDB and SQS. One is enough; two at once do no
 * harm, since every step is a conditional write or counted in the job's record. Told to stop, it finishes its sweep.
 */
import path from 'node:path';
import { openAwsBackend } from '@runyard/shared/adapters/aws';
import { systemClock } from '@runyard/shared/adapters/in-process';
import { chooseLanguages, loadLanguages } from '@runyard/shared/languages';
import {
  answers,
  Counters,
  Readiness,
  runService,
  type ServiceContext,
  startAdminServer,
} from '@runyard/shared/process';
import packageJson from '../package.json' with { type: 'json' };
import { staleAfterMs, Sweeper, type SweepResult } from './application/sweeper.ts';
import { loadSweeperServiceConfig, type SweeperServiceConfig } from './config.ts';

const LANGUAGES_DIR = path.resolve(import.meta.dirname, '../../../languages');
/** Names only matter here, and they are the same everywhere. */
const ARCHITECTURE = 'x64';

const COUNTERS = {
  resent: 'resent',
  gaveUp: 'gave_up',
  expired: 'expired',
  deadLettersResent: 'dead_letters_resent',
  deadLettersSettled: 'dead_letters_settled',
  removed: 'removed',
} as const satisfies Record<keyof SweepResult, string>;

const { version } = packageJson;

async function serve({ config, logger, shutdown, fail }: ServiceContext<SweeperServiceConfig>): Promise<void> {
  const { leaseMs, languages: names, ...times } = config.sweeper;
  const known = await loadLanguages(LANGUAGES_DIR, { architecture: ARCHITECTURE });
  const languages = chooseLanguages('RUNYARD_LANGUAGES', names, known).map(({ id }) => id);
  const backend = openAwsBackend(config.aws, { clock: systemClock, logger, languages });
  shutdown.add('backend', () => backend.close());

  const counters = new Counters('runyard_sweeper', ['sweeps', 'failed_parts', ...Object.values(COUNTERS)]);
  const sweeper = new Sweeper(
    {
      ...backend,
      knowledge: { kind: 'ledger', resends: backend.store },
      clock: systemClock,
      logger,
      onSweep: (result, failedParts) => {
        counters.add('sweeps');
        counters.add('failed_parts', failedParts);
        for (const [field, name] of Object.entries(COUNTERS)) counters.add(name, result[field as keyof SweepResult]);
      },
      onFatal: fail,
    },
    { ...times, staleAfterMs: staleAfterMs(leaseMs) },
  );

  const probes = { store: answers(backend.store), queue: answers(backend.queue) };
  const readiness = new Readiness({ probes, isDraining: () => shutdown.hasBegun, logger });
  const facts = { version, node: process.version };
  const admin = await startAdminServer({ config: config.admin, readiness, counters, version: facts });
  shutdown.add('admin', () => admin.close());
  sweeper.start();
  shutdown.add('sweeper', () => sweeper.stop());
  logger.info({ admin: admin.url, languages, ...times, leaseMs }, 'ready');
}

await runService({ name: 'sweeper', version, loadConfig: loadSweeperServiceConfig, serve });
