/** Trees of kustomizations, built with `kubectl kustomize` before and after `pin --write`. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { parseReference } from '../../src/image/reference.ts';
import { taggedText } from '../../src/pinning/image-location.ts';
import { digestOf, runPin } from './pin-registry.ts';

const root = mkdtempSync(path.join(tmpdir(), 'tidewaiter-kustomize-'));
const started = process.cwd();
export function removeTrees(): void {
  process.chdir(started);
  rmSync(root, { recursive: true, force: true });
}

export type Files = Readonly<Record<string, string>>;

let runs = 0;
export function plant(files: Files): string {
  const folder = path.join(root, String((runs += 1)));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
  return folder;
}

/** Returns undefined if kustomize fails. */
export async function imagesOf(folder: string): Promise<readonly string[] | undefined> {
  try {
    const { stdout } = await promisify(execFile)('kubectl', ['kustomize', folder], { encoding: 'utf8' });
    return [...stdout.matchAll(/^[ -]*image(?:Name)?: (.*)$/gm)].map(([, image = '']) => image);
  } catch (error) {
    if (error instanceof Error && 'stderr' in error) return undefined;
    throw error;
  }
}

/** The digest that the fake registry has for the name and tag of an image. */
export function rightDigest(image: string): string {
  const parsed = parseReference(image);
  const tagged = parsed.ok ? parseReference(taggedText(parsed.reference)) : parsed;
  return tagged.ok ? digestOf(tagged.reference.fullName) : '';
}

/** `right`: the same repository, with the digest of its tag. `left`: unchanged, without a digest. Otherwise both images. */
function outcome(before: string, after: string | undefined): string {
  if (after === before) return before.includes('@') ? 'right' : 'left';
  const repository = before.replace(/(?<=[^/]*):[^/:]*$/, '');
  const [name = '', digest] = (after ?? '').split('@');
  const isSame = name === before || name === repository || name === `${before}:latest`;
  return isSame && digest === rightDigest(before) ? 'right' : `${before} -> ${after}`;
}

export interface PinResult {
  readonly code: number;
  readonly note: string;
  /** The images of each kustomization that can be built, in the order of the names. */
  readonly builds: Readonly<Record<string, readonly string[]>>;
}

export async function pinTree(
  files: Files,
  folders: readonly string[],
  args: readonly string[] = ['.'],
): Promise<PinResult | undefined> {
  const folder = plant(files);
  const before = await Promise.all(folders.map((one) => imagesOf(path.join(folder, one))));
  if (before.includes(undefined)) return undefined;
  process.chdir(folder);
  const { code, note } = await runPin(args, { write: true });
  const after = await Promise.all(folders.map((one) => imagesOf(path.join(folder, one))));
  const builds = folders.map((one, index) => {
    const images = before[index] ?? [];
    return [one, images.map((image, at) => outcome(image, after[index]?.[at]))] as const;
  });
  return { code, note, builds: Object.fromEntries(builds) };
}

export const deployment = (name: string, ...images: readonly string[]): string =>
  `apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}}
spec:
  template:
    spec:
      containers:
${images.map((image, index) => `      - {name: c${index}, image: "${image}"}\n`).join('')}`;

export interface Layer {
  readonly resources?: readonly string[];
  readonly components?: readonly string[];
  readonly images?: readonly Readonly<Record<string, string>>[];
  readonly patches?: string;
  readonly kind?: 'Component';
}

export function kustomization({ resources = [], components = [], images = [], patches = '', kind }: Layer): string {
  const list = (key: string, items: readonly string[]): string =>
    items.length === 0 ? '' : `${key}:\n${items.map((item) => `- ${item}\n`).join('')}`;
  const entries = images.map((entry) =>
    Object.entries(entry)
      .map(([key, value]) => `${key}: "${value}"`)
      .join('\n  '),
  );
  const head = kind === undefined ? '' : `apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: ${kind}\n`;
  return `${head}${list('resources', resources)}${list('components', components)}${list('images', entries)}${patches}`;
}
