import { isDeepStrictEqual } from 'node:util';
import { toItem, type Item } from './job-item.ts';
import type { Attributes } from './outcome-item.ts';

export interface Update {
  readonly UpdateExpression: string;
  readonly ConditionExpression: string;
  readonly ExpressionAttributeNames: Record<string, string>;
  readonly ExpressionAttributeValues: Item;
}

/**
 * The update that makes `after` of `before`, touching nothing else, on condition that the attributes in `fence` still are (or still are
 * not) what they were in `before`.
 */
export function updateBetween(before: Attributes, after: Attributes, fence: readonly string[]): Update {
  const names = new Names();
  const changed = Object.keys(after).filter((name) => !isDeepStrictEqual(before[name], after[name]));
  const gone = Object.keys(before).filter((name) => !(name in after));
  const values: Attributes = {};
  const set = changed.map((name) => {
    values[`:new_${name}`] = after[name];
    return `${names.of(name)} = :new_${name}`;
  });
  const conditions = fence.map((name) => {
    if (!(name in before)) return `attribute_not_exists(${names.of(name)})`;
    values[`:old_${name}`] = before[name];
    return `${names.of(name)} = :old_${name}`;
  });
  const remove = gone.length === 0 ? '' : ` REMOVE ${gone.map((name) => names.of(name)).join(', ')}`;
  return {
    UpdateExpression: `SET ${set.join(', ')}${remove}`,
    ConditionExpression: conditions.join(' AND '),
    ExpressionAttributeNames: names.all,
    ExpressionAttributeValues: toItem(values),
  };
}

/** Every name goes through a placeholder: `status` and others are reserved words. */
class Names {
  readonly all: Record<string, string> = {};

  of(name: string): string {
    this.all[`#${name}`] = name;
    return `#${name}`;
  }
}
