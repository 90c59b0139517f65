import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { loadConfig } from '../config.ts';
import { DataStack } from '../data-stack.ts';

export interface Resource {
  readonly Type: string;
  readonly DeletionPolicy?: string;
  readonly Properties: Record<string, unknown>;
}

export interface Statement {
  readonly Sid?: string;
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

export interface Synthesized {
  /** By logical id. */
  readonly resources: ReadonlyMap<string, Resource>;
  all(type: string): readonly (readonly [string, Resource])[];
  /** Its one resource of the type whose logical id begins so. */
  only(type: string, idPrefix?: string): Resource;
}

export function synthesized(env: Record<string, string>, languages: readonly string[]): Synthesized {
  // Without the checks, which `app.test.ts` sees: they take longer than all the rest.
  const app = new App({ builtinCloudFormationValidation: false });
  const dataStack = new DataStack(app, 'data', loadConfig(env, languages));
  const template = Template.fromStack(dataStack).toJSON() as { Resources: Record<string, Resource> };
  const resources = new Map(Object.entries(template.Resources));
  const all = (type: string) => [...resources].filter(([, { Type }]) => Type === type);
  return {
    resources,
    all,
    only(type, idPrefix = '') {
      const [found, ...others] = all(type).filter(([id]) => id.startsWith(idPrefix));
      if (found === undefined || others.length > 0) throw new Error(`not one ${type} ${idPrefix}`);
      return found[1];
    },
  };
}

export function statementsOf(resource: Resource): readonly Statement[] {
  return (resource.Properties['PolicyDocument'] as { Statement: Statement[] }).Statement;
}

export function actionsOf(statement: Statement): readonly string[] {
  return [statement.Action].flat();
}
