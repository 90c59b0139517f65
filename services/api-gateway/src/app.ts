import { LanguageCatalogue } from '@runyard/shared/domain';
import type { ReadinessProbe } from '@runyard/shared/process';
import type { ArtifactStore, Clock, JobEvents, JobQueue, JobStore } from '@runyard/shared/ports';
import express, { type Express, Router } from 'express';
import type { Logger } from 'pino';
import { checkHealth } from './application/check-health.ts';
import { GetJob } from './application/get-job.ts';
import { GetResult } from './application/get-result.ts';
import type { ServerVersion, VerifyArtifactLink } from './application/ports.ts';
import type { LanguageSource, ServedLanguage } from './application/language-directory.ts';
import { QueueGate } from './application/queue-gate.ts';
import { ReadArtifact } from './application/read-artifact.ts';
import { SubmitJob } from './application/submit-job.ts';
import { WaitForJob } from './application/wait-for-job.ts';
import type { GatewayConfig } from './config.ts';
import { BodyReader } from './http/body/body-reader.ts';
import { answerErrors, noSuchPath } from './http/middleware/answer-errors.ts';
import { beginRequest } from './http/middleware/begin-request.ts';
import { mountArtifacts } from './http/routes/artifacts.ts';
import { mountExecute } from './http/routes/execute.ts';
import { mountHealth } from './http/routes/health.ts';
import { mountLanguages } from './http/routes/languages.ts';
import { mountResult } from './http/routes/result.ts';
import { mountStatus } from './http/routes/status.ts';
import { mountSubmit } from './http/routes/submit.ts';
import { submissionSchema } from './http/schemas/submission-schema.ts';

/** Bodies of all requests together while they arrive. */
const MAX_BUFFERED_BODY_BYTES = 256 * 1024 * 1024;

export interface GatewayDeps {
  readonly config: Omit<GatewayConfig, 'host' | 'port' | 'publicUrl'>;
  readonly store: JobStore;
  readonly queue: JobQueue;
  readonly artifacts: ArtifactStore;
  readonly events: JobEvents;
  readonly clock: Clock;
  /** A list that stays as it is, or a source that learns. */
  readonly languages: readonly ServedLanguage[] | LanguageSource;
  /** How old a reading of the queues' depth may be; a reading of a queue elsewhere costs. Default: 0.2 s. */
  readonly depthLifeMs?: number;
  readonly logger: Logger;
  /** For the ids of keyed submissions: the same on every gateway of a deployment, and over restarts. */
  readonly secret: Uint8Array;
  readonly cell: number;
  readonly version: ServerVersion;
  /** Null where programs run elsewhere. */
  readonly sandboxProbe: ReadinessProbe | null;
  /** For `/artifacts/…`; null where links lead to an object store, then there is no such path. */
  readonly verifyArtifactLink: VerifyArtifactLink | null;
  /** True when readiness shall be lost though requests are still served, so that balancers send no more. */
  readonly isLeaving?: () => boolean;
  /** Aborted when the server shuts down: waits end, connections are not kept, readiness is lost. */
  readonly drainSignal?: AbortSignal;
}

/** The HTTP interface, not listening. */
export function createApp(deps: GatewayDeps): Express {
  const drainSignal = deps.drainSignal ?? new AbortController().signal;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', false);
  app.use(beginRequest(deps.logger, drainSignal));
  const router = createRouter(deps, drainSignal);
  app.use('/v1', router);
  app.use('/', router);
  app.use(noSuchPath);
  app.use(answerErrors);
  return app;
}

function createRouter(deps: GatewayDeps, drainSignal: AbortSignal): Router {
  const { config, store, queue, artifacts } = deps;
  const languages = sourceOf(deps.languages);
  const waiting = new WaitForJob(store, deps.events, { maxWaiters: config.maxWaiters });
  drainSignal.addEventListener('abort', () => {
    waiting.close();
  });
  const getJob = new GetJob(store, waiting);
  const gate = new QueueGate(queue, {
    languages: languages.catalogue.ids,
    limit: config.queueLimit,
    ...(deps.depthLifeMs === undefined ? {} : { readingLifeMs: deps.depthLifeMs, leastPauseMs: deps.depthLifeMs }),
  });
  const router = Router({ caseSensitive: true });
  const submissions = {
    submitJob: new SubmitJob({ ...deps, ...config, gate, languages }),
    waiting,
    schema: submissionSchema(config.bodyLimits),
    limits: config.bodyLimits,
    reader: new BodyReader({
      timeoutMs: config.bodyLimits.timeoutMs,
      maxBufferedBytes: Math.max(MAX_BUFFERED_BODY_BYTES, config.bodyLimits.totalBytes),
    }),
  };
  mountSubmit(router, submissions);
  mountExecute(router, { ...submissions, artifacts });
  mountStatus(router, getJob);
  mountResult(router, new GetResult(getJob, artifacts, config));
  mountLanguages(router, languages, config.execTimeoutSec);
  mountHealth(router, {
    readiness: checkHealth({ ...deps, isDraining: () => deps.isLeaving?.() === true || drainSignal.aborted }),
    version: deps.version,
  });
  const verify = deps.verifyArtifactLink;
  if (verify) mountArtifacts(router, new ReadArtifact(artifacts, verify, deps.clock));
  return router;
}

function sourceOf(languages: GatewayDeps['languages']): LanguageSource {
  return 'catalogue' in languages ? languages : { catalogue: new LanguageCatalogue(languages) };
}
