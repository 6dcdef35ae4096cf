/** Writes a suite in the place of an earlier one, and never over files that are not its own. */
import { hash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { UserError } from '../../error/user-error.ts';
import { fileText } from '../../files/location-text.ts';
import { type NewFile, onFiles, writeNewFile } from '../new-files.ts';
import { digestInName, REVIEWS, SUITE } from './suite-files.ts';

export interface SuiteToWrite {
  readonly suite: string;
  /** Their paths are relative to the directory of the suite. */
  readonly reviews: readonly NewFile[];
}

/** Writes nothing if a file exists that is not as `shrink` wrote it, unless `force` is set. */
export function writeSuite(directory: string, { suite, reviews }: SuiteToWrite, force: boolean): void {
  const inDirectory = (file: NewFile): NewFile => ({ ...file, path: path.join(directory, file.path) });
  const written = inDirectory({ path: SUITE, text: withMark(suite) });
  const files = reviews.map(inDirectory);
  const foreign = [
    ...(isForeign(written.path, isMarked) ? [written.path] : []),
    ...files.filter(({ path: file, text }) => isForeign(file, (found) => found === text)).map(({ path: file }) => file),
  ];
  if (foreign.length > 0 && !force) {
    const names = foreign.map(fileText).join(', ');
    throw new UserError(
      `${names}: not written by tidewaiter shrink, or changed since, and nothing was written; to replace, add --force`,
    );
  }
  const former = formerReviews(path.join(directory, REVIEWS));
  for (const file of files) writeNewFile(file);
  writeNewFile(written);
  const current = new Set(files.map(({ path: file }) => file));
  for (const file of former) if (!current.has(file)) rmSync(file);
}

function isForeign(file: string, isOwn: (text: string) => boolean): boolean {
  return existsSync(file) && !isOwn(onFiles(file, () => readFileSync(file, 'utf8')));
}

const MARK = /^# Written by tidewaiter shrink, which replaces it \(sha256:([0-9a-f]{64})\)\n/;

function withMark(text: string): string {
  return `# Written by tidewaiter shrink, which replaces it (sha256:${hash('sha256', text)})\n${text}`;
}

/** A suite that someone has changed is theirs. */
function isMarked(text: string): boolean {
  const [line = '', digest] = MARK.exec(text) ?? [];
  return digest !== undefined && digest === hash('sha256', text.slice(line.length));
}

/** Their names have the digests of their contents. */
function formerReviews(directory: string): readonly string[] {
  if (!existsSync(directory)) return [];
  return onFiles(directory, () => readdirSync(directory, { withFileTypes: true })).flatMap((entry) => {
    const digest = entry.isFile() ? digestInName(entry.name) : undefined;
    const file = path.join(directory, entry.name);
    return digest !== undefined && hash('sha256', readFileSync(file)).startsWith(digest) ? [file] : [];
  });
}
