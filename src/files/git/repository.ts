/** Runs git for reading only: these commands run no hooks and no filters, and nothing is downloaded. */
import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { UserError } from '../../error/user-error.ts';
import { quoteValue } from '../../image/quote.ts';
import { MAX_BYTES } from '../load-text.ts';
import { statOrProblem } from '../walk.ts';

/** A repository with a working tree. */
export interface Repository {
  /** The real path of the working tree. */
  readonly root: string;
  run(args: readonly string[]): Ended;
  start(args: readonly string[]): GitProcess;
}

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export type GitProcess = ChildProcessByStdio<Writable, Readable, null>;

export type GitEnvironment = Readonly<Record<string, string | undefined>>;

/** Git fetches what a partial clone lacks, by programs that its configuration names. The second variable is for git before 2.45. */
const NO_DOWNLOADS = { GIT_NO_LAZY_FETCH: '1', GIT_ALLOW_PROTOCOL: 'none' };

/**
 * Files of a commit can form a bare repository in a directory, with objects and a configuration of their author; git before 2.38
 * ignores that setting. A file system monitor is a program that the configuration names.
 */
const ONLY_READ = [
  '-c',
  'safe.bareRepository=explicit',
  '-c',
  'core.fsmonitor=false',
  '-c',
  'core.hooksPath=/dev/null',
];

/** Returns the repository that contains a path. A hook of git sets GIT_DIR relative to the working directory. */
export function repositoryOf(file: string, env: GitEnvironment): Repository {
  const within = existingParent(file);
  const found = env['GIT_DIR'] === undefined ? topOf(within, env) : topOf('.', env);
  if (found.status === 0) return repositoryAt(found.stdout.replace(/\r?\n$/, ''), env);
  if (/must be run in a work tree|cannot use bare repository/.test(found.stderr)) {
    throw new UserError(
      `--since: ${quoteValue(within, 256)} is in a bare repository, which has no files to compare; run tidewaiter in a working tree`,
    );
  }
  throw new UserError(
    `--since: git cannot read a repository in ${quoteValue(within, 256)}${why(found)}; to compare without git, use --baseline`,
  );
}

function topOf(directory: string, env: GitEnvironment): Ended {
  return run(['-C', directory, 'rev-parse', '--show-toplevel'], env);
}

function existingParent(file: string): string {
  let at = path.resolve(file);
  while (!isDirectory(at)) at = path.dirname(at);
  return at;
}

function isDirectory(at: string): boolean {
  const found = statOrProblem(at);
  return typeof found !== 'string' && found.isDirectory();
}

function repositoryAt(top: string, env: GitEnvironment): Repository {
  const at = existsSync(top) ? realpathSync.native(top) : top;
  // A relative GIT_DIR starts at the working directory.
  const prefix = env['GIT_DIR'] === undefined ? ['-C', at] : [];
  return withPrefix(at, prefix, env);
}

/** Returns the repository of a submodule; undefined: it is not checked out. */
export function submoduleAt(directory: string, env: GitEnvironment): Repository | undefined {
  const store = path.join(directory, '.git');
  return existsSync(store) ? withPrefix(directory, [`--git-dir=${store}`, `--work-tree=${directory}`], env) : undefined;
}

function withPrefix(root: string, prefix: readonly string[], env: GitEnvironment): Repository {
  return {
    root,
    run: (args) => run([...prefix, ...args], env),
    start: (args) =>
      spawn('git', [...ONLY_READ, ...prefix, ...args], {
        stdio: ['pipe', 'pipe', 'ignore'],
        env: quiet(env),
      }),
  };
}

/** 64 MiB are the names of about 500,000 files. */
function run(args: readonly string[], env: GitEnvironment): Ended {
  const ended = spawnSync('git', [...ONLY_READ, ...args], {
    encoding: 'utf8',
    maxBuffer: MAX_BYTES,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: quiet(env),
  });
  if (ended.error !== undefined) throw notRun(ended.error);
  return ended;
}

/** Messages in English are recognized. */
function quiet(env: GitEnvironment): NodeJS.ProcessEnv {
  return { ...env, ...NO_DOWNLOADS, LC_ALL: 'C' };
}

export function notRun(error: NodeJS.ErrnoException): UserError {
  const reason = error.code === 'ENOENT' ? 'the program is not on the PATH' : (error.code ?? error.name);
  return new UserError(`--since needs git, which cannot be run: ${reason}`);
}

/** The first line that git wrote to stderr. */
export function why({ stderr }: Ended): string {
  const [line = ''] = stderr.replace(/^(?:fatal|error): /, '').split('\n');
  return line === '' ? '' : `: ${quoteValue(line, 256)}`;
}
