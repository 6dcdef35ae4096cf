/** The objects in files of a revision, some files at a time. */
import path from 'node:path';
import { type Content, contentsOf, withoutPointer } from '../git/blobs.ts';
import type { GitFile, GitTree } from '../git/tree.ts';
import type { Input } from '../input-texts.ts';
import { KUSTOMIZATION_NAMES } from '../kustomization.ts';
import { decodeText, type TextOrProblem } from '../load-text.ts';
import { type CollectOptions, collectManifests, type Manifests } from '../manifests.ts';
import { chartFinder } from './charts.ts';
import { shown } from './paths.ts';

/** What is parsed at the same time. Parsed objects need ten times as much memory. */
const MAX_CHARACTERS = 1024 * 1024;

type Part = Pick<Manifests, 'manifests' | 'errors'>;

/** The kustomizations among all files of the tree say which files are patches. */
export async function* oldObjects(
  files: readonly GitFile[],
  tree: GitTree,
  options: CollectOptions,
): AsyncGenerator<Part> {
  if (files.length === 0) return;
  const chartOf = chartFinder(tree.files);
  const kustomizations = await Array.fromAsync(
    inputsOf(
      tree.files.filter((file) => !file.isLink && isKustomizationFile(file)),
      chartOf,
    ),
  );
  const others = files.filter((file) => !isKustomizationFile(file));
  const named = new Set(files.filter(isKustomizationFile).map((file) => shown(file.path)));
  yield await partOf(kustomizations, (file) => named.has(file), options);
  for await (const inputs of inParts(inputsOf(others, chartOf))) {
    const own = new Set(inputs.map((input) => input.path));
    yield await partOf([...kustomizations, ...inputs], (file) => own.has(file), options);
  }
}

function isKustomizationFile({ path: file }: GitFile): boolean {
  return KUSTOMIZATION_NAMES.includes(path.basename(file));
}

async function partOf(
  inputs: readonly Input[],
  isPart: (file: string) => boolean,
  { renderCharts: _charts, buildKustomizations: _kustomizations, ...options }: CollectOptions,
): Promise<Part> {
  const { manifests, errors } = await collectManifests(
    asyncOf(inputs),
    { skipped: [], archives: [], left: [] },
    { ...options, skipForeign: 'always' },
  );
  return {
    manifests: manifests.filter(({ file }) => isPart(file)),
    errors: errors.filter(({ file }) => isPart(file)),
  };
}

async function* asyncOf(inputs: readonly Input[]): AsyncGenerator<Input> {
  yield* inputs;
}

async function* inParts(inputs: AsyncIterable<Input>): AsyncGenerator<readonly Input[]> {
  let part: Input[] = [];
  let size = 0;
  for await (const input of inputs) {
    part.push(input);
    size += 'text' in input ? input.text.length : 0;
    if (size < MAX_CHARACTERS) continue;
    yield part;
    part = [];
    size = 0;
  }
  if (part.length > 0) yield part;
}

async function* inputsOf(
  files: readonly GitFile[],
  chartOf: (file: string) => string | undefined,
): AsyncGenerator<Input> {
  for await (const [file, content] of contentsOf(files)) {
    const chart = chartOf(file.path);
    yield {
      path: shown(file.path),
      hidden: false,
      named: false,
      chart: chart === undefined ? undefined : shown(chart),
      ...textOf(withoutPointer(file, content)),
    };
  }
}

function textOf(content: Content): TextOrProblem {
  return 'bytes' in content ? decodeText(content.bytes) : content;
}
