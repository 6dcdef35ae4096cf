/** Combines new names and digests into the changes of each file. */
import { withName } from '../../files/splice.ts';
import { composedEdits } from '../../pinning/composed-edits.ts';
import { decideOffline, type PinDecision } from '../../pinning/decide.ts';
import type { ImageLocation } from '../../pinning/image-location.ts';
import type { OpenFile, OpenFiles } from './open-files.ts';
import { type PinnedFile, pinFile } from './pin-file.ts';
import type { NameDecision, RewrittenNames } from './rewrite/rewrite-names.ts';

export interface NamedAndPinned extends PinnedFile {
  /** By the location of the name; only with --rewrite. */
  readonly names: ReadonlyMap<ImageLocation, NameDecision>;
}

type Decide = (location: ImageLocation) => PinDecision;

/** `names` undefined: without --rewrite. */
export function pinnedFiles(
  given: OpenFiles,
  names: RewrittenNames | undefined,
  decide: Decide,
): readonly NamedAndPinned[] {
  if (names === undefined) return given.files.map((file) => ({ ...pinFile(file, decide, given.options), names: NONE }));
  return given.files.map((file, index) => {
    const named = names.opened.files[index];
    if (named === undefined) throw new RangeError(`${file.file} is lost`);
    return pinNamed({ file, named, names }, withoutFailed(file, named, names, decide));
  });
}

const NONE: ReadonlyMap<ImageLocation, NameDecision> = new Map();

/** For `--check`: the files with new names, and the digests that the files lack now. */
export function checkedFiles(given: OpenFiles, names: RewrittenNames, decide: Decide): readonly NamedAndPinned[] {
  return given.files.map((file, index) => {
    const text = names.opened.files[index]?.text ?? file.text;
    const own = namesIn(file, names);
    const decisions = new Map(
      file.locations.map((location) => {
        const name = own.get(location);
        return [location, failedBy(name, location) ?? withNewName(decide(location), name)];
      }),
    );
    return { opened: file, decisions, names: own, result: { text, edits: names.editsIn(file), omitted: new Map() } };
  });
}

function withNewName(decision: PinDecision, name: NameDecision | undefined): PinDecision {
  const { pinned } = decision;
  return name?.state === 'rewritten' && pinned !== undefined
    ? { ...decision, pinned: withName(pinned, name.to) }
    : decision;
}

interface NamedFile {
  readonly file: OpenFile;
  /** The same file with the new names. It has the same locations in the same order. */
  readonly named: OpenFile;
  readonly names: RewrittenNames;
}

function pinNamed({ file, named, names }: NamedFile, decide: Decide): NamedAndPinned {
  const { decisions, result } = pinFile(named, decide, names.opened.options);
  return {
    opened: file,
    names: namesIn(file, names),
    decisions: new Map(
      file.locations.map((location, index) => {
        const decision = decisions.get(named.locations[index] ?? location);
        return [location, decision ?? decideOffline(location)];
      }),
    ),
    result: { ...result, edits: composedEdits(file.text, names.editsIn(file), result.edits) },
  };
}

/** An entry in a kustomization has two locations: the one that is found, and the one with the image that results. */
function namesIn(
  { found, locations }: OpenFile,
  { decisions }: RewrittenNames,
): ReadonlyMap<ImageLocation, NameDecision> {
  return new Map(
    locations.flatMap((location, index) => {
      const decision = decisions.get(found.locations[index] ?? location);
      return decision === undefined ? [] : [[location, decision] as const];
    }),
  );
}

/** An image whose name cannot be written gets no digest either, because it would be that of another registry. */
function withoutFailed(file: OpenFile, named: OpenFile, names: RewrittenNames, decide: Decide): Decide {
  const own = namesIn(file, names);
  const failures = new Map(
    file.locations.map((location, index) => [named.locations[index], failedBy(own.get(location), location)]),
  );
  return (location) => failures.get(location) ?? decide(location);
}

function failedBy(name: NameDecision | undefined, location: ImageLocation): PinDecision | undefined {
  return name?.state === 'failed'
    ? { ...decideOffline(location), state: 'failed', pinned: undefined, message: name.message }
    : undefined;
}
