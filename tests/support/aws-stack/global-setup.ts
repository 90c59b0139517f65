import { startAwsStack, describeStack, type AwsStack } from './start-aws-stack.ts';

const STARTED = 'AWS_TEST_STACK_STARTED';

/**
 * Vitest's global set-up of the suites that need AWS: one stack for all of them, which they find through the same variables as
 * the product. `AWS_TEST_ENDPOINTS=<url>` uses servers that run already, at one address for all three services. A stack that cannot be had is a failure.
 */
export async function setup(): Promise<(() => Promise<void>) | undefined> {
  if (process.env[STARTED] !== undefined) return undefined;
  const stack = await findOrStart();
  Object.assign(process.env, stack.env, { [STARTED]: 'true' });
  return async () => {
    Reflect.deleteProperty(process.env, STARTED);
    await stack.stop();
  };
}

async function findOrStart(): Promise<AwsStack> {
  const given = process.env['AWS_TEST_ENDPOINTS'];
  if (given === undefined) return startAwsStack();
  return describeStack({ dynamodb: given, gateway: given, stop: async () => undefined });
}
