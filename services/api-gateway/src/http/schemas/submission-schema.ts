import type { StepLimits } from '@runyard/shared/domain';
import { z } from 'zod';
import type { Submission } from '../../domain/submission.ts';
import {
  argumentList,
  base64Bytes,
  environment,
  label,
  limitNumber,
  metadata,
  sizedText,
  TOO_LARGE,
} from './fields.ts';

export interface SubmissionBounds {
  readonly sourceBytes: number;
  readonly stdinBytes: number;
}

const stepLimits = {
  cpuTimeMs: limitNumber().optional(),
  wallTimeMs: limitNumber().optional(),
  memoryBytes: limitNumber().optional(),
  outputBytes: limitNumber().optional(),
  processes: limitNumber().optional(),
  fileBytes: limitNumber().optional(),
  openFiles: limitNumber().optional(),
  stackBytes: limitNumber().optional(),
} satisfies Record<keyof StepLimits, z.ZodType<number | undefined>>;

/** The body of POST /submit. Strict: a field that is not known is refused, so that a misspelt limit is never ignored. */
export function submissionSchema(bounds: SubmissionBounds): z.ZodType<Submission> {
  return z
    .strictObject(
      {
        language: label({ minLength: 1, maxLength: 64 }),
        version: label({ minLength: 1, maxLength: 64 }).optional(),
        code: sizedText(bounds.sourceBytes).min(1, 'must not be empty'),
        input: stdinText(bounds.stdinBytes),
        inputEncoding: z.enum(['utf8', 'base64'], 'must be utf8 or base64').default('utf8'),
        args: argumentList().default([]),
        env: environment().default({}),
        limits: z
          .strictObject(
            { ...stepLimits, compile: z.strictObject(stepLimits, 'must be an object').optional() },
            'must be an object',
          )
          .default({}),
        userId: label({ minLength: 0, maxLength: 256 }).optional(),
        metadata: metadata().optional(),
      },
      'must be a JSON object',
    )
    .check((context) => {
      const { input, inputEncoding } = context.value;
      const sizeBytes = inputEncoding === 'base64' ? base64Bytes(input) : Buffer.byteLength(input);
      if (sizeBytes === null) {
        context.issues.push({ code: 'custom', input, path: ['input'], message: 'must be base64 with padding' });
      } else if (sizeBytes > bounds.stdinBytes) {
        const message = `must be at most ${bounds.stdinBytes} bytes`;
        context.issues.push({ code: 'custom', input, path: ['input'], message, params: TOO_LARGE });
      }
    })
    .transform((fields) => ({
      ...fields,
      version: fields.version ?? null,
      userId: fields.userId ?? null,
      metadata: fields.metadata ?? null,
    }));
}

/** Base64 is a third longer than what it stands for; the exact size is checked where the encoding is known. */
function stdinText(stdinBytes: number) {
  return sizedText(Math.ceil(stdinBytes / 3) * 4).default('');
}
