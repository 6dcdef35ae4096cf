/** The `.helmignore` of a chart, as Helm reads it (helm.sh/helm/v4/pkg/ignore/rules.go): not the patterns of git. */
import path from 'node:path';
import { loadRegularText } from '../files/load-text.ts';
import { compileFilepathGlob } from '../go/filepath-glob.ts';

interface Rule {
  readonly isNegated: boolean;
  readonly isForDirectories: boolean;
  readonly matches: (relative: string) => boolean;
}

/** Reports whether Helm leaves out a file of a chart. Paths are relative to the chart, with `/`. */
export function helmIgnore(chart: string): (file: string) => boolean {
  const loaded = loadRegularText(path.join(chart, '.helmignore'));
  const rules =
    'text' in loaded
      ? loaded.text
          .replace(/^\uFEFF/, '')
          .split('\n')
          .flatMap((line) => ruleOf(line.trim()))
      : [];
  return (file) => {
    const segments = file.split('/');
    const directories = segments.slice(0, -1).map((_segment, index) => segments.slice(0, index + 1).join('/'));
    return directories.some((one) => isIgnored(rules, one, true)) || isIgnored(rules, file, false);
  };
}

/** Helm rejects a file with `**`, so nothing is rendered. */
function ruleOf(line: string): readonly Rule[] {
  if (line === '' || line.startsWith('#') || line.includes('**')) return [];
  const isNegated = line.startsWith('!');
  const written = isNegated ? line.slice(1) : line;
  const isForDirectories = written.endsWith('/');
  const pattern = isForDirectories ? written.slice(0, -1) : written;
  const isPath = pattern.includes('/');
  const matches = globOf(pattern.startsWith('/') ? pattern.slice(1) : pattern);
  return [{ isNegated, isForDirectories, matches: (file) => matches(isPath ? file : path.posix.basename(file)) }];
}

/** No character of a pattern matches a `/`. */
function globOf(pattern: string): (file: string) => boolean {
  const globs = pattern.split('/').map(compileFilepathGlob);
  return (file) => {
    const segments = file.split('/');
    return segments.length === globs.length && globs.every((glob, index) => glob(segments[index] ?? ''));
  };
}

/** The first rule that applies decides; a negated pattern leaves out everything that it does not match. */
function isIgnored(rules: readonly Rule[], file: string, isDirectory: boolean): boolean {
  for (const { isNegated, isForDirectories, matches } of rules) {
    if (isNegated) {
      if ((isForDirectories && !isDirectory) || !matches(file)) return true;
      continue;
    }
    if (isForDirectories && !isDirectory) continue;
    if (matches(file)) return true;
  }
  return false;
}
