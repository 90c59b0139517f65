import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { promisify } from 'node:util';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { Client } from './client.ts';
import { type Environment, type ServiceName, ServiceProcess, type ServiceUser } from './service-process.ts';

const PROJECT_DIR = path.resolve(import.meta.dirname, '../..');
const run = promisify(execFile);
const BOOTSTRAP_ATTEMPTS = 5;

/** Table, queues and bucket of its own in the AWS stand-in that the suite's set-up has started, and services that use them. */
export class AwsDeployment implements AsyncDisposable {
  /** RUNYARD_ENV: in the names of everything. */
  readonly env: string;
  readonly s3: S3Client;
  readonly sqs: SQSClient;
  readonly #environment: Environment;
  readonly #services: ServiceProcess[] = [];

  /** `environment` is for all services. */
  static async create(environment: Environment = {}): Promise<AwsDeployment> {
    const deployment = new AwsDeployment(environment);
    await deployment.#bootstrap();
    return deployment;
  }

  private constructor(environment: Environment) {
    this.env = `t${randomBytes(6).toString('hex')}`;
    this.#environment = {
      RUNYARD_ENV: this.env,
      RUNYARD_BACKEND: 'aws',
      LOG_LEVEL: 'info',
      HOST: '127.0.0.1',
      PORT: '0',
      ADMIN_PORT: '0',
      RUNYARD_SANDBOX: 'native',
      RUNYARD_SECRET: 'not a secret, the same on all gateways of a test',
      ...environment,
    };
    const region = process.env['AWS_REGION'] ?? 'us-east-1';
    this.s3 = new S3Client({ region, endpoint: required('AWS_ENDPOINT_URL_S3'), forcePathStyle: true });
    const endpoint = required('AWS_ENDPOINT_URL_SQS');
    this.sqs = new SQSClient({ region, endpoint, useQueueUrlAsEndpoint: false });
  }

  get bucket(): string {
    return `runyard-${this.env}-0-artifacts`;
  }

  /** What a service of this deployment has in its environment. */
  environment(more: Environment = {}): Environment {
    return { ...this.#environment, ...more };
  }

  /** Ends with the deployment, if not before. */
  async start(name: ServiceName, env: Environment = {}, user?: ServiceUser): Promise<ServiceProcess> {
    const service = await ServiceProcess.start(name, this.environment(env), user);
    this.#services.push(service);
    return service;
  }

  async startGateway(env: Environment = {}): Promise<{ service: ServiceProcess; client: Client }> {
    const service = await this.start('api-gateway', env);
    return { service, client: new Client(service.url) };
  }

  /** What it does may be done any number of times, and a loaded stand-in may be slow to make queues. */
  async #bootstrap(): Promise<void> {
    const env = { ...process.env, ...this.#environment };
    const script = ['shared/src/adapters/aws/bootstrap-main.ts'];
    for (let attempt = 1; ; attempt += 1) {
      try {
        await run(process.execPath, script, { cwd: PROJECT_DIR, env, timeout: 120_000 });
        return;
      } catch (error) {
        if (attempt === BOOTSTRAP_ATTEMPTS) throw error;
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#services.map((service) => service[Symbol.asyncDispose]()));
    this.s3.destroy();
    this.sqs.destroy();
  }
}

function required(variable: string): string {
  const value = process.env[variable];
  if (value === undefined)
    throw new Error(`${variable} is not set: the suite's set-up has not started the AWS stand-in`);
  return value;
}
