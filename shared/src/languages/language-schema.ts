import { z } from 'zod';

/**
 * What `language.json` may say. Strict: an unknown field is a mistake. Names of packages and files are held to narrow
 * alphabets because they become arguments of package managers and paths inside the sandbox.
 */
const argument = z.string().min(1).max(4096);
const argv = z.array(argument).min(1).max(64);
const fileName = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$/, 'must be a plain file name');
const languageName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9+#.-]{0,31}$/, 'must be a lower-case name of at most 32 characters');
const globOfNames = z
  .string()
  .regex(/^[A-Za-z0-9_*?][A-Za-z0-9._*?$-]{0,63}$/, 'must be a file name, with * and ? allowed');
const debianPackage = z.string().regex(/^[a-z0-9][a-z0-9+.-]+$/, 'must be the name of a Debian package');
const npmPackage = z
  .string()
  .regex(/^(@[a-z0-9._-]+\/)?[a-z0-9]([a-z0-9._-]|\$\{arch\})*$/, 'must be the name of an npm package');
const exactVersion = z.string().regex(/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/, 'must be an exact version');
const variableName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of an environment variable');
const positive = z.int().positive();

const stepLimits = z.strictObject({
  wallTimeMs: positive.exactOptional(),
  cpuTimeMs: positive.exactOptional(),
  memoryBytes: positive.exactOptional(),
  outputBytes: positive.exactOptional(),
  processes: positive.exactOptional(),
  fileBytes: positive.exactOptional(),
  openFiles: positive.exactOptional(),
  stackBytes: positive.exactOptional(),
});

export const languageFileSchema = z.strictObject({
  id: languageName,
  name: z.string().min(1).max(64),
  aliases: z.array(languageName).max(16),
  sourceFile: fileName,
  compile: z.strictObject({ argv, outputs: z.array(globOfNames).min(1).max(16) }).nullable(),
  run: z.strictObject({ argv }),
  environment: z.record(variableName, z.string().max(4096)).default({}),
  limits: z
    .strictObject({ run: stepLimits.default({}), compile: stepLimits.default({}) })
    .default({ run: {}, compile: {} }),
  packages: z.strictObject({
    debian: z.array(debianPackage).default([]),
    npm: z.record(npmPackage, exactVersion).default({}),
  }),
  prepare: z.array(argv).default([]),
  versionCommand: argv,
});

export type LanguageFile = z.infer<typeof languageFileSchema>;
