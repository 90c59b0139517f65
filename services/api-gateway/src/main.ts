/**
 * The gateway as a service: HTTP in front, jobs in DynamoDB, messages in SQS, links to outputs in S3. Any number may run at once;
 * none keeps anything that matters. Told to stop, it loses readiness, goes on for a while so that balancers notice, answers
 * what waits with what is known, and closes.
 */
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createDynamoClient, openAwsBackend, singleQueueAdvice } from '@runyard/shared/adapters/aws';
import { DynamoJobEvents, DynamoLanguageFacts } from '@runyard/shared/adapters/dynamodb';
import { systemClock } from '@runyard/shared/adapters/in-process';
import { chooseLanguages, loadLanguages } from '@runyard/shared/languages';
import { runService, type ServiceContext } from '@runyard/shared/process';
import packageJson from '../package.json' with { type: 'json' };
import { LanguageDirectory } from './application/language-directory.ts';
import { keepLearning, learnLanguages } from './application/learn-languages.ts';
import { startGateway } from './server.ts';
import { type GatewayServiceConfig, loadGatewayServiceConfig } from './service-config.ts';

const LANGUAGES_DIR = path.resolve(import.meta.dirname, '../../../languages');
/** Commands may name the architecture of the executors, which a gateway does not know; nothing else depends on it. */
const ARCHITECTURE = 'x64';
/** One GetQueueAttributes per queue and second at most, however many submit. */
const DEPTH_LIFE_MS = 1_000;

const { version } = packageJson;

async function serve({ config, logger, shutdown, signal }: ServiceContext<GatewayServiceConfig>): Promise<void> {
  const { aws, own } = config;
  const advice = singleQueueAdvice(aws.queues);
  if (advice !== null) logger.warn(advice);
  const known = await loadLanguages(LANGUAGES_DIR, { architecture: ARCHITECTURE });
  const languages = chooseLanguages('RUNYARD_LANGUAGES', own.languages, known);

  const backend = openAwsBackend(aws, { clock: systemClock, logger, languages: languages.map(({ id }) => id) });
  shutdown.add('backend', () => backend.close());
  const client = createDynamoClient(aws);
  shutdown.add('events client', () => client.destroy());
  const events = new DynamoJobEvents({ client, table: aws.table, logger });
  shutdown.add('events', () => events.close());
  const directory = new LanguageDirectory(languages);
  const learning = { facts: new DynamoLanguageFacts({ client, table: aws.table }), logger };
  await learnLanguages(directory, learning);
  const learned = keepLearning(directory, learning, signal);
  shutdown.add('language facts', () => learned);

  let isLeaving = false;
  const gateway = await startGateway({
    ...backend,
    config: config.gateway,
    languages: directory,
    events,
    clock: systemClock,
    logger,
    depthLifeMs: DEPTH_LIFE_MS,
    cell: aws.deployment.cell,
    secret: Buffer.from(own.secret.reveal()),
    version: { version, details: { backend: 'aws', cell: String(aws.deployment.cell), node: process.version } },
    sandboxProbe: null,
    verifyArtifactLink: null,
    isLeaving: () => isLeaving,
  });
  shutdown.add('gateway', async () => {
    isLeaving = true;
    await sleep(own.drainDelayMs);
    await gateway.drain(own.drainMs);
  });
  logger.info({ url: gateway.address.url, languages: directory.catalogue.ids }, 'ready');
}

await runService({ name: 'api-gateway', version, loadConfig: loadGatewayServiceConfig, serve });
