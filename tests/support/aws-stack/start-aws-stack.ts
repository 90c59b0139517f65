/**
 * The stand-in for AWS that tests run against: LocalStack (SQS, S3) and DynamoDB Local, two processes in the root of
 * `ensureStandIn`, as nobody, all data in memory. They end with `stop`, or with the process that started them.
 *
 * DynamoDB Local listens on all interfaces (it has no option for it): a random port, made-up data, and only while tests run.
 * Neither checks signatures of requests in headers, nor permissions; LocalStack checks those of presigned links (see ADR 0005).
 */
import { ensureStandIn, type StandIn } from './ensure-stand-in.ts';
import { LAYER_MOUNT, LIBS } from './recipe.ts';
import { freePort, type RunningServer, startServer } from './stand-in-server.ts';

export interface AwsStack {
  readonly endpoints: { readonly dynamodb: string; readonly sqs: string; readonly s3: string };
  /** What a process needs in its environment to use it. */
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** LocalStack checks presigned links against exactly these. */
const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' } as const;

/** Downloads and builds at the first call on a machine. `say` gets lines for a person. */
export async function startAwsStack(say: (line: string) => void = sayOnStderr): Promise<AwsStack> {
  const standIn = await ensureStandIn(say);
  const starting = [startLocalStack(standIn), startDynamoDb(standIn)];
  const stopAll = async () => {
    for (const result of await Promise.allSettled(starting)) {
      if (result.status === 'fulfilled') await result.value.stop();
    }
  };
  try {
    const [localstack, dynamodb] = await Promise.all(starting);
    return describeStack({ dynamodb: dynamodb?.url ?? '', gateway: localstack?.url ?? '', stop: stopAll });
  } catch (error) {
    await stopAll();
    throw error;
  }
}

/** A stack whose servers were started by someone else. */
export function describeStack(servers: { dynamodb: string; gateway: string; stop: () => Promise<void> }): AwsStack {
  const { dynamodb, gateway, stop } = servers;
  return {
    endpoints: { dynamodb, sqs: gateway, s3: gateway },
    env: {
      ...CREDENTIALS,
      AWS_REGION: 'us-east-1',
      AWS_ENDPOINT_URL_DYNAMODB: dynamodb,
      AWS_ENDPOINT_URL_SQS: gateway,
      AWS_ENDPOINT_URL_S3: gateway,
      S3_PUBLIC_ENDPOINT: gateway,
    },
    stop,
  };
}

type Server = RunningServer & { readonly url: string };

async function startLocalStack(tree: StandIn): Promise<Server> {
  const host = `127.0.0.1:${String(await freePort())}`;
  const url = `http://${host}`;
  const server = await startServer({
    name: 'LocalStack',
    tree,
    argv: ['python3', '-u', `${LAYER_MOUNT}/localstack-main.py`],
    environment: {
      PATH: '/usr/bin:/bin',
      HOME: '/tmp',
      LANG: 'C.UTF-8',
      PYTHONPATH: `${LAYER_MOUNT}/python`,
      SERVICES: 's3,sqs',
      EAGER_SERVICE_LOADING: '1',
      STRICT_SERVICE_LOADING: '1',
      GATEWAY_LISTEN: host,
      LOCALSTACK_HOST: host,
      SQS_ENDPOINT_STRATEGY: 'path',
      S3_SKIP_SIGNATURE_VALIDATION: '0',
      // Nothing that leaves the machine.
      DISABLE_EVENTS: '1',
      SKIP_SSL_CERT_DOWNLOAD: '1',
      USE_SSL: '0',
      DNS_ADDRESS: '0',
      LS_LOG: 'warn',
      // Where `/.dockerenv` exists it would take the machine for its own container.
      OVERRIDE_IN_DOCKER: '0',
      FILESYSTEM_ROOT: '/tmp/localstack',
    },
    isReady: async () => {
      const response = await fetch(`${url}/_localstack/health`);
      const { services } = (await response.json()) as { services: Record<string, string> };
      return services['s3'] === 'running' && services['sqs'] === 'running';
    },
  });
  return { ...server, url };
}

async function startDynamoDb(tree: StandIn): Promise<Server> {
  const port = await freePort();
  const url = `http://127.0.0.1:${String(port)}`;
  const jars = `${LAYER_MOUNT}/${LIBS}/dynamodb-local/2/DynamoDBLocal_lib`;
  const server = await startServer({
    name: 'DynamoDB Local',
    tree,
    argv: [
      'java',
      '-Xmx256m',
      '-XX:TieredStopAtLevel=1',
      '-XX:+UseSerialGC',
      `-Dsqlite4java.library.path=${jars}`,
      '-cp',
      `${jars}/*`,
      'com.amazonaws.services.dynamodbv2.local.main.ServerRunner',
      '-inMemory',
      '-sharedDb',
      '-disableTelemetry',
      '-port',
      String(port),
    ],
    environment: { PATH: '/usr/bin:/bin', HOME: '/tmp', LANG: 'C.UTF-8' },
    // Any answer of its own: it refuses what is not signed.
    isReady: async () => (await fetch(url)).status === 400,
  });
  return { ...server, url };
}

function sayOnStderr(line: string): void {
  process.stderr.write(`aws-stack: ${line}\n`);
}
