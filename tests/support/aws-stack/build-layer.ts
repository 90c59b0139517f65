import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { spawnInRoot, type StandInTree } from './enter-root.ts';
import { type LayerFiles, LAYER_MOUNT, LIBS, type Jar } from './recipe.ts';

const CENTRAL = 'https://repo.maven.apache.org/maven2';
const JAR_DIR = `${LIBS}/dynamodb-local/2/DynamoDBLocal_lib`;
const KEPT_CHARACTERS = 4_000;

/** Fills the empty folder `tree.layerDir`. Throws with the last words of the tool that failed. */
export async function buildLayer(tree: StandInTree, files: LayerFiles, say: (line: string) => void): Promise<void> {
  for (const [name, content] of Object.entries(files.scripts)) await writeFile(path.join(tree.layerDir, name), content);
  say('fetching LocalStack 4.14.0 from PyPI and DynamoDB Local 2.6.1 from Maven Central');
  const parts = [installPython(tree, files), installJars(tree, files.jars)];
  try {
    await Promise.all(parts);
  } finally {
    await Promise.allSettled(parts);
  }
}

async function installPython(tree: StandInTree, { requirements }: LayerFiles): Promise<void> {
  const target = `${LAYER_MOUNT}/python`;
  await withFile(tree, 'requirements', requirements, (file) => {
    const flags = [
      '--quiet --no-input --disable-pip-version-check --no-cache-dir --root-user-action=ignore',
      '--require-hashes --no-deps --only-binary=:all: --no-compile',
    ].join(' ');
    // Without byte code of its own each start would compile for 5 to 10 seconds: a server may not write here.
    return runScript(tree, 'installing LocalStack', [
      'wheel=$(echo /usr/share/python-wheels/pip-*.whl)',
      `python3 "$wheel/pip" install ${flags} --target ${target} -r ${file}`,
      `python3 -m compileall -q -j 2 ${target}`,
    ]);
  });
}

async function installJars(tree: StandInTree, jars: readonly Jar[]): Promise<void> {
  const repository = process.env['RUNYARD_MAVEN_REPOSITORY'] ?? CENTRAL;
  const fileOf = (jar: Jar) => `${LAYER_MOUNT}/${JAR_DIR}/${path.basename(jar.path)}`;
  const downloads = jars.map((jar) => `url = "${repository}/${jar.path}"\noutput = "${fileOf(jar)}"\n`).join('');
  const sums = jars.map((jar) => `${jar.sha256}  ${fileOf(jar)}\n`).join('');
  await mkdir(path.join(tree.layerDir, JAR_DIR), { recursive: true });
  await withFile(tree, 'downloads', downloads, (downloadFile) =>
    withFile(tree, 'sums', sums, (sumFile) =>
      runScript(tree, 'fetching DynamoDB Local', [
        `curl -fsSL --retry 3 --connect-timeout 20 --parallel --parallel-max 8 --config ${downloadFile}`,
        `sha256sum --check --quiet ${sumFile}`,
        `python3 ${LAYER_MOUNT}/arrange-dynamodb.py ${LAYER_MOUNT}/${LIBS}`,
      ]),
    ),
  );
}

/** A file of the layer for the time of the work; `work` gets its path inside the root. */
async function withFile(
  { layerDir }: StandInTree,
  name: string,
  content: string,
  work: (file: string) => Promise<void>,
): Promise<void> {
  await writeFile(path.join(layerDir, name), content);
  await work(`${LAYER_MOUNT}/${name}`);
  await rm(path.join(layerDir, name));
}

async function runScript(tree: StandInTree, task: string, lines: readonly string[]): Promise<void> {
  const script = ['set -e', 'umask 022', ...lines].join('\n');
  const child = spawnInRoot({ tree, argv: ['sh', '-c', script], environment: networkSettings(), role: 'builder' });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed = (printed + text).slice(-KEPT_CHARACTERS);
    });
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  if (code !== 0) throw new Error(`${task} failed (exit code ${String(code)}):\n${printed}`);
}

/** How this machine reaches package registries; the rest of its environment stays outside. */
const NETWORK = /^((https?|all|no)_proxy|pip_(index_url|extra_index_url|trusted_host|proxy|retries|default_timeout))$/i;

function networkSettings(): Record<string, string> {
  const settings: Record<string, string> = {
    PATH: '/usr/bin:/bin',
    HOME: '/tmp/home',
    LANG: 'C.UTF-8',
    PIP_CONFIG_FILE: '/tmp/pip.conf',
    PIP_CERT: '/etc/ssl/certs/ca-certificates.crt',
  };
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && NETWORK.test(name)) settings[name] = value;
  }
  return settings;
}
