/** The commit that a revision names. */
import { UserError } from '../../error/user-error.ts';
import { quoteValue } from '../../image/quote.ts';
import type { Repository } from './repository.ts';

const COMMIT = /^[\da-f]{40,64}$/;

/** `REVISION...` is the commit where HEAD left the revision, as in git diff. */
export function commitOf(revision: string, repository: Repository): string {
  const range = /^(.*?)(\.{2,3})(.*)$/s.exec(revision);
  if (range === null) return named(revision, repository);
  const [, from = '', dots, to = ''] = range;
  if (dots !== '...' || from === '' || (to !== '' && to !== 'HEAD')) {
    const one = from === '' ? 'main' : from;
    throw new UserError(
      `--since: ${quoteValue(revision)} is a range; files are compared with one revision, such as ${quoteValue(one)}, or ${quoteValue(`${one}...`)} for the commit where the branch began`,
    );
  }
  const commit = named(from, repository);
  const base = repository.run(['merge-base', commit, 'HEAD']).stdout.trim();
  if (COMMIT.test(base)) return base;
  throw new UserError(`--since: git has no common commit of ${quoteValue(from)} and HEAD${ifShallow(repository)}`);
}

function named(revision: string, repository: Repository): string {
  const found = repository.run(['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`]);
  const commit = found.stdout.trim();
  if (found.status === 0 && COMMIT.test(commit)) return commit;
  throw new UserError(
    `--since: git has no revision ${quoteValue(revision)} in this repository${ifShallow(repository)}`,
  );
}

/** A clone in a pipeline usually has one commit of one branch. */
function ifShallow(repository: Repository): string {
  if (repository.run(['rev-parse', '--is-shallow-repository']).stdout.trim() !== 'true')
    return '; if it is on a remote, run git fetch first';
  return ', which is a shallow clone; run git fetch --unshallow first, or clone with the whole history (fetch-depth: 0 in GitHub, GIT_DEPTH: 0 in GitLab)';
}
