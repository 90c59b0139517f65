import { App, type AppProps, Validations } from 'aws-cdk-lib';
import { VALIDATE_AGAINST_DEFAULT_RULES } from 'aws-cdk-lib/cx-api';
import { AwsSolutionsChecks } from 'cdk-nag';
import type { DataConfig } from './config.ts';
import { acknowledgeFindings } from './findings.ts';
import { DataStack } from './data-stack.ts';

/**
 * All stacks of one cell, checked at synthesis, offline: against the schemas of CloudFormation and by cdk-nag. A finding that nobody has
 * acknowledged with a reason stops it.
 */
export function createApp(
  config: DataConfig,
  props: AppProps & { readonly env?: { readonly account?: string; readonly region?: string } } = {},
): { readonly app: App; readonly dataStack: DataStack } {
  const { env, ...appProps } = props;
  const app = new App({ ...appProps, postCliContext: { [VALIDATE_AGAINST_DEFAULT_RULES]: true } });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  const { deployment } = config;
  const dataStack = new DataStack(app, `runyard-${deployment.env}-${deployment.cell}-data`, config, {
    ...(env && { env }),
  });
  acknowledgeFindings(dataStack);
  return { app, dataStack };
}
