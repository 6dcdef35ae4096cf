/** `tidewaiter init`: writes a policy that denies nothing today and is as strict as that allows, and a test suite for it. */
import { countUsage } from '../../admission/usage.ts';
import type { Config } from '../../config/config.ts';
import { UserError } from '../../error/user-error.ts';
import { withHelmValues } from '../../files/helm-value-images.ts';
import { fileText } from '../../files/location-text.ts';
import { loadManifests } from '../../files/manifests.ts';
import { shellWord } from '../../image/quote.ts';
import { parseReference } from '../../image/reference.ts';
import { type Tree, yamlDocuments } from '../../install/yaml.ts';
import type { Policy } from '../../policy/policy.ts';
import type { Vocabulary } from '../../policy/binding.ts';
import { fails } from '../../report/check.ts';
import { withName } from '../../report/command-lines.ts';
import { count } from '../../report/paint.ts';
import { compose } from '../../wiring.ts';
import { configured } from '../configured.ts';
import { evaluateManifests, type FileEvaluation, type LoadedPaths } from '../evaluate-files.ts';
import { type IgnoreFlags, ownFiles, rulesFor } from '../input-files.ts';
import { type ClusterFlags, clusterFlags, selectsCluster, withCluster } from '../open-cluster.ts';
import { renderArguments, renderers, type RenderFlags } from '../render-flags.ts';
import type { Terminal } from '../terminal.ts';
import { withLittleMemory } from '../little-memory.ts';
import { CONTAINER_CANDIDATES, imageCandidates } from '../derive/candidates.ts';
import { EXCLUDED, isInScope, policyOf } from '../derive/policy-tree.ts';
import { commentedPatterns, registryPattern } from '../derive/registry-patterns.ts';
import { type NewFile, writeNewFiles } from '../new-files.ts';
import { FOLDER, suiteFiles } from './generated-suite.ts';
import { type Pipeline, pipelineFile, preCommitFile } from './pipeline-files.ts';
import { startingPolicy } from './starting-policy.ts';

export interface InitFlags extends ClusterFlags, IgnoreFlags, RenderFlags {
  readonly config?: string | undefined;
  readonly preCommit?: boolean | undefined;
  readonly ci?: Pipeline | undefined;
  readonly force?: boolean | undefined;
  readonly dryRun?: boolean | undefined;
}

const POLICY_FILE = 'policies/images.yaml';

export async function init(paths: readonly string[], flags: InitFlags, terminal: Terminal): Promise<number> {
  const { config } = await configured({ config: flags.config, ...clusterFlags(flags) }, terminal);
  requireFiles(paths, flags);
  const source = selectsCluster(flags)
    ? { paths: ['-'], stdin: await clusterText(config) }
    : { paths, stdin: undefined };
  const generated = await withLittleMemory(async () => generate(source, { flags, config, terminal }));
  const files = [
    ...generated,
    ...(flags.preCommit ? [preCommitFile()] : []),
    ...(flags.ci === undefined ? [] : [pipelineFile(flags.ci, renderArguments(flags))]),
  ];
  if (flags.dryRun) {
    terminal.out(files.map(({ path: file, text }) => `# ${file}\n${text}`).join('\n'));
    return 0;
  }
  writeNewFiles(files, flags.force ?? false);
  const written = files.map(({ path: file }) => `wrote ${file}\n`).join('');
  const judged = selectsCluster(flags) ? [] : [...paths, ...renderArguments(flags)];
  const next = `next: tidewaiter check ${judged.map((one) => `${shellWord(one)} `).join('')}-p policies/ && tidewaiter test ${FOLDER}/\n`;
  terminal.out(`${written}\n${withName(next, terminal.name)}`);
  return 0;
}

/** In a cluster, everything is rendered. */
function requireFiles(paths: readonly string[], flags: InitFlags): void {
  if (!selectsCluster(flags)) return;
  const named = paths.find((one) => one !== '.');
  if (named !== undefined)
    throw new UserError(
      `with a cluster, init reads no files; remove ${fileText(named)}, or --cluster, --context, and --kubeconfig`,
    );
  const [first] = renderArguments(flags);
  if (first !== undefined)
    throw new UserError(`${first} renders files, and with a cluster, init reads none; remove ${first}`);
}

async function clusterText(config: Config): Promise<string> {
  const { liveWorkloads } = await import('./live-workloads.ts');
  return withCluster(config, liveWorkloads);
}

interface Run {
  readonly flags: InitFlags;
  readonly config: Config;
  readonly terminal: Terminal;
}

interface Source {
  readonly paths: readonly string[];
  /** undefined: the standard input of the command. */
  readonly stdin: string | undefined;
}

async function generate(source: Source, { flags, config, terminal }: Run): Promise<readonly NewFile[]> {
  const { context, rules } = await compose({ ...config, policies: [] });
  const vocabulary: Vocabulary = { rules, kinds: config.kinds };
  const ignored = await rulesFor(config, flags);
  const rendering = await renderers(config, flags);
  const load = async ({ paths, stdin }: Source): Promise<LoadedPaths> => ({
    paths,
    loaded: await loadManifests(paths, {
      kinds: withHelmValues(config.kinds),
      namespace: 'default',
      stdin: stdin === undefined ? terminal.input() : chunks(stdin),
      rulesFor: ignored,
      imageFiles: true,
      findCharts: true,
      ownFiles: ownFiles(flags, config),
      ...rendering,
    }),
  });
  const evaluate = async (policies: readonly Policy[], loaded: LoadedPaths): Promise<FileEvaluation> =>
    evaluateManifests(loaded, {
      contextWith: (world) => ({ ...context, policies, world }),
      usage: countUsage(),
      skipMisshapen: true,
    });
  const manifests = await load(source);
  const first = await evaluate([], manifests);
  const images = first.images.filter(isInScope).map(({ image }) => image);
  if (!images.some(isReference)) throw new UserError(noImages(first, shownPaths(source)));
  for (const gap of gapsIn(first, manifests, flags)) terminal.note(`${gap}\n`);
  const candidates = [...imageCandidates(registriesIn(images)), ...CONTAINER_CANDIDATES];
  const tree = await startingPolicy(candidates, vocabulary, async (policies) => {
    const { findings } = await evaluate(policies, manifests);
    return { findings, images: images.length };
  });
  const policy = await policyOf(tree, vocabulary);
  const findingsIn = async (pod: string): Promise<FileEvaluation['findings']> => {
    const { findings } = await evaluate([policy], await load({ paths: ['-'], stdin: pod }));
    return findings.filter((row) => fails(row, ['warn', 'unknown']));
  };
  const { findings } = await evaluate([policy], manifests);
  const sample = sampleOf(images.filter(isReference), findings);
  return [{ path: POLICY_FILE, text: yamlDocuments([tree]) }, ...(await suiteFiles(sample, findingsIn))];
}

const MAX_ERRORS = 10;

/** Says why, if something was found. */
function noImages({ errors, images }: FileEvaluation, paths: string): string {
  const what = !images.some(({ image }) => isReference(image))
    ? `no image found in ${paths}`
    : `all images in ${paths} are in namespaces that the policy would leave out (${EXCLUDED.join(', ')})`;
  const lines = errors.slice(0, MAX_ERRORS).map(({ file, line, column, message: error }) => {
    const place = line === null ? '' : `:${line}:${column ?? 1}`;
    return `${fileText(file)}${place}: ${error}`;
  });
  return [...lines, `${what}, so there is no policy to derive`].join('\n');
}

/** What the policy does not know. */
function gapsIn(
  { errors }: FileEvaluation,
  { paths, loaded: { charts } }: LoadedPaths,
  { helm = false }: InitFlags,
): readonly string[] {
  const [are, their] = charts === 1 ? ['is', 'its'] : ['are', 'their'];
  const all = paths.map((one) => shellWord(one)).join(' ');
  return [
    ...(errors.length === 0
      ? []
      : [`${count(errors.length, 'input')} cannot be evaluated; to list the errors, run tidewaiter check`]),
    ...(charts === 0 || helm
      ? []
      : [
          `${count(charts, 'Helm chart')} ${are} not rendered, so the policy does not know ${their} images; to include them, run tidewaiter init ${all} --helm`,
        ]),
  ];
}

/** Patterns with the number of images that they match, the most frequent first. */
function registriesIn(images: readonly string[]): readonly Tree[] {
  const counts = new Map<string, number>();
  for (const text of images) {
    const parsed = parseReference(text);
    if (!parsed.ok) continue;
    const pattern = registryPattern(parsed.reference);
    counts.set(pattern, (counts.get(pattern) ?? 0) + 1);
  }
  return commentedPatterns(counts, 'image');
}

function isReference(image: string): boolean {
  return parseReference(image).ok;
}

/** The first image with the fewest findings: an example to follow. */
function sampleOf(images: readonly string[], findings: FileEvaluation['findings']): string {
  const byImage = Map.groupBy(findings, ({ image }) => image ?? '');
  const rulesOf = (image: string): number => new Set(byImage.get(image)?.map(({ rule }) => rule)).size;
  return images.reduce((best, image) => (rulesOf(image) < rulesOf(best) ? image : best));
}

async function* chunks(text: string): AsyncGenerator<string> {
  yield text;
}

function shownPaths({ paths, stdin }: Source): string {
  if (stdin !== undefined) return 'the cluster';
  return paths.map((file) => (file === '-' ? 'standard input' : fileText(file))).join(', ');
}
