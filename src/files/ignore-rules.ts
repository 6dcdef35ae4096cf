/**
 * Which paths of a directory are left out: by `.gitignore`, by `.tidewaiterignore`, and by `ignore` in the configuration file, in
 * ascending precedence. The patterns are those of gitignore(5).
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import ignore, { type Ignore } from 'ignore';
import { loadRegularText } from './load-text.ts';

export interface IgnoreRules {
  /** Adds the ignore files of a directory. */
  within(directory: string): IgnoreRules;
  excludes(at: string, isDirectory: boolean): boolean;
}

/** Patterns relative to a directory. */
export interface IgnorePatterns {
  readonly directory: string;
  readonly patterns: readonly string[];
}

interface Matcher {
  readonly directory: string;
  readonly ignore: Ignore;
}

const GIT_FILE = '.gitignore';
const OWN_FILE = '.tidewaiterignore';
export const IGNORE_FILES: readonly string[] = [GIT_FILE, OWN_FILE];

/** Where ignore files are read: from disk, or from a git revision. Paths are absolute. */
export interface IgnoreSource {
  /** undefined: there is no such file, or it cannot be read, so it excludes nothing. */
  readonly textOf: (file: string) => string | undefined;
  /** Reports whether a directory is the root of its repository. */
  readonly isRoot: (directory: string) => boolean;
}

const DISK: IgnoreSource = {
  textOf(file) {
    const loaded = existsSync(file) ? loadRegularText(file) : { problem: '' };
    return 'text' in loaded ? loaded.text : undefined;
  },
  isRoot: (directory) => existsSync(path.join(directory, '.git')),
};

/** In ascending precedence: those of a deeper directory come after those of its parents. */
interface Matchers {
  readonly git: readonly Matcher[];
  readonly own: readonly Matcher[];
  readonly configured: readonly Matcher[];
}

/** The rules for everything in a directory, with the ignore files of its parents up to the root of its git repository. */
export function ignoreRules(directory: string, configured: IgnorePatterns, source: IgnoreSource = DISK): IgnoreRules {
  const top = path.resolve(directory);
  const matchers = { git: [], own: [], configured: [matcherOf(configured.directory, configured.patterns)] };
  return parentsInRepository(top, source).reduce(within, rulesOf(matchers, source));
}

function within(rules: IgnoreRules, directory: string): IgnoreRules {
  return rules.within(directory);
}

/** From the root of the repository down; empty outside of a repository. */
function parentsInRepository(top: string, { isRoot }: IgnoreSource): readonly string[] {
  const parents: string[] = [];
  for (let at = top; !isRoot(at);) {
    const parent = path.dirname(at);
    if (parent === at) return [];
    parents.unshift(parent);
    at = parent;
  }
  return parents;
}

function rulesOf(matchers: Matchers, source: IgnoreSource): IgnoreRules {
  const all = [...matchers.git, ...matchers.own, ...matchers.configured].toReversed();
  return {
    within: (directory) => {
      const at = path.resolve(directory);
      const git = matcherIn(at, GIT_FILE, source);
      const own = matcherIn(at, OWN_FILE, source);
      if (git.length + own.length === 0) return rulesOf(matchers, source);
      return rulesOf({ ...matchers, git: [...matchers.git, ...git], own: [...matchers.own, ...own] }, source);
    },
    excludes: (at, isDirectory) => {
      const absolute = path.resolve(at);
      for (const one of all) {
        const relative = path.relative(one.directory, absolute);
        if (relative === '' || relative.startsWith('..') || excludesParent(one, relative)) continue;
        const { ignored, unignored } = one.ignore.test(isDirectory ? `${relative}/` : relative);
        if (ignored || unignored) return ignored;
      }
      return false;
    },
  };
}

/** A directory that is listed although these patterns exclude it was named, or other patterns take it back with its content. */
function excludesParent({ ignore: rules }: Matcher, relative: string): boolean {
  const parent = path.dirname(relative);
  return parent !== '.' && rules.test(`${parent}/`).ignored;
}

function matcherIn(directory: string, name: string, { textOf }: IgnoreSource): readonly Matcher[] {
  const text = textOf(path.join(directory, name));
  return text === undefined ? [] : [matcherOf(directory, text.split(/\r?\n/))];
}

/** git tells names apart by case, except on file systems that do not. */
function matcherOf(directory: string, patterns: readonly string[]): Matcher {
  return { directory: path.resolve(directory), ignore: ignore({ ignoreCase: false }).add([...patterns]) };
}
