import type { QueueLayout } from '../sqs/index.ts';

/** What an operator should know about one queue for all languages; null where each language has its own. */
export function singleQueueAdvice(queues: QueueLayout): string | null {
  if (queues.kind === 'per-language') return null;
  return (
    'SQS_QUEUE_URL names one queue for all languages. One queue per language is better: a slow language does not hold up the ' +
    'others, each can be scaled by its own backlog, and executors need not serve all languages. Unset SQS_QUEUE_URL to use them.'
  );
}
