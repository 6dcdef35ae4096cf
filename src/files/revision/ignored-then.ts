/** Which files of a revision were not read then: its ignore files, its configuration, or the name of a directory excluded them. */
import path from 'node:path';
import { contentsOf, withoutPointer } from '../git/blobs.ts';
import type { GitFile } from '../git/tree.ts';
import { IGNORE_FILES, type IgnorePatterns, type IgnoreRules, ignoreRules } from '../ignore-rules.ts';
import { decodeText } from '../load-text.ts';
import { DEPENDENCIES } from '../walk.ts';

/** Where `ignore` of the configuration file was written. */
export interface ConfiguredIgnore {
  /** The real path of the file. */
  readonly file: string;
  /** The patterns in a text of the file. */
  readonly patternsIn: (text: string) => IgnorePatterns;
}

/** The ignore files in the parents of paths, which a tree of the paths does not contain. Relative to the root, with `/`. */
export function ignoreFilesAbove(paths: readonly string[]): readonly string[] {
  const parents = new Set(paths.flatMap(parentsOf));
  return [...parents].flatMap((parent) => IGNORE_FILES.map((name) => path.posix.join(parent, name)));
}

function parentsOf(file: string): readonly string[] {
  const segments = file === '.' ? [] : file.split('/');
  return segments.map((_segment, index) => segments.slice(0, index).join('/') || '.');
}

interface Then {
  readonly files: readonly GitFile[];
  /** The real paths that the user named; a named file is read whatever excludes it. */
  readonly named: readonly string[];
  readonly root: string;
  readonly configured: ConfiguredIgnore;
}

export async function ignoredThen({ files, named, root, configured }: Then): Promise<(file: string) => boolean> {
  const texts = await textsOf(
    files.filter(({ path: file, isLink }) => !isLink && (isIgnoreFile(file) || file === configured.file)),
  );
  const patterns = configured.patternsIn(texts.get(configured.file) ?? '');
  const source = { textOf: (file: string) => texts.get(file), isRoot: (directory: string) => directory === root };
  const known = new Map<string, Rules>(named.map((at) => [at, ignoreRules(at, patterns, source).within(at)]));
  return (file) => {
    if (named.includes(file)) return false;
    const rules = rulesIn(path.dirname(file), known);
    return rules === 'excluded' || rules?.excludes(file, false) === true;
  };
}

/** undefined: outside of the paths that the user named. */
type Rules = IgnoreRules | 'excluded' | undefined;

function rulesIn(directory: string, known: Map<string, Rules>): Rules {
  if (known.has(directory)) return known.get(directory);
  const parent = path.dirname(directory);
  const above = parent === directory ? undefined : rulesIn(parent, known);
  const rules = above === undefined || above === 'excluded' ? above : within(directory, above);
  known.set(directory, rules);
  return rules;
}

function within(directory: string, above: IgnoreRules): Rules {
  if (DEPENDENCIES.has(path.basename(directory)) || above.excludes(directory, true)) return 'excluded';
  return above.within(directory);
}

function isIgnoreFile(file: string): boolean {
  return IGNORE_FILES.includes(path.basename(file));
}

async function textsOf(files: readonly GitFile[]): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>();
  for await (const [file, content] of contentsOf(files)) {
    const found = withoutPointer(file, content);
    const decoded = 'bytes' in found ? decodeText(found.bytes) : found;
    // As on disk, a file that cannot be read excludes nothing.
    if ('text' in decoded) texts.set(file.path, decoded.text);
  }
  return texts;
}
