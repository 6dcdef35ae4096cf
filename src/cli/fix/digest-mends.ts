/** Digests for images that image-digest reports, by the code of `pin`: the same lookups, lock file, and refusals. */
import { statSync } from 'node:fs';
import type { Config } from '../../config/config.ts';
import type { LoadOptions } from '../../files/input-texts.ts';
import type { SkipForeign } from '../../files/foreign-files.ts';
import { realPathOf } from '../../files/kustomize-files.ts';
import { parseReference } from '../../image/reference.ts';
import { decideOffline, type PinDecision } from '../../pinning/decide.ts';
import { editOf, type ImageLocation } from '../../pinning/image-location.ts';
import type { Lock } from '../../pinning/lock.ts';
import type { FindingRow } from '../../report/rows.ts';
import { closeAfter } from '../close-after.ts';
import { type OpenFile, type OpenFiles, openFiles } from '../pin/open-files.ts';
import { pinFile } from '../pin/pin-file.ts';
import { lookUpPins, type PinLookup } from '../pin/pin-lookups.ts';
import { createLookups, type RegistryFor } from '../pin/registry-lookups.ts';
import type { Terminal } from '../terminal.ts';
import { type MendResult, refused } from './mend.ts';
import { chartHint } from './chart-hint.ts';

export interface DigestInput {
  readonly paths: readonly string[];
  readonly config: Config;
  readonly rulesFor: LoadOptions['rulesFor'];
  readonly skipForeign: SkipForeign;
  readonly registryFor: RegistryFor;
  readonly lock: Lock;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  readonly now: number;
}

export interface DigestMends {
  readonly results: readonly MendResult[];
  /** The given lock with the digests that were looked up. */
  readonly lock: Lock;
}

export async function digestMends(findings: readonly FindingRow[], input: DigestInput): Promise<DigestMends> {
  const drifted = findings.filter(isPinned);
  const results: MendResult[] = drifted.map((finding) => refused(finding, MOVED));
  const open = findings.filter((finding) => !drifted.includes(finding));
  const { config, rulesFor, skipForeign, terminal } = input;
  const opened = await openFiles(
    input.paths.filter(isOnDisk),
    { kinds: config.kinds, helmImages: [], rulesFor, skipForeign },
    terminal,
  );
  const locationFor = locationFinder(opened);
  const matches = open.map((finding) => ({ finding, match: locationFor(finding) }));
  const chosen = new Set(matches.flatMap(({ match }) => match?.location ?? []));
  const looked = await lookUp([...chosen], opened, input);
  const decisionsIn = decider(opened, chosen, looked);
  for (const { finding, match } of matches)
    results.push(
      match === undefined ? refused(finding, chartHint(finding) ?? UNREAD) : resultOf(finding, match, decisionsIn),
    );
  return { results, lock: looked.lock };
}

const MOVED =
  'its tag now points to another digest, and whether to use the newer build is a decision; run tidewaiter pin --update';
const UNREAD = 'pin does not read this image';

function isPinned({ image }: FindingRow): boolean {
  const parsed = image === null ? undefined : parseReference(image);
  return parsed?.ok === true && parsed.reference.digest !== undefined;
}

/** Standard input and pipes can be read only once. */
function isOnDisk(named: string): boolean {
  const stats = named === '-' ? undefined : statSync(named, { throwIfNoEntry: false });
  return stats !== undefined && (stats.isFile() || stats.isDirectory());
}

interface Match {
  readonly file: OpenFile;
  readonly location: ImageLocation;
}

function locationFinder({ files }: OpenFiles): (finding: FindingRow) => Match | undefined {
  const places = new Map<string, Match[]>();
  for (const file of files) {
    const id = realPathOf(file.file);
    for (const location of file.locations) {
      const key = JSON.stringify([id, location.line, location.column]);
      const same = places.get(key);
      if (same === undefined) places.set(key, [{ file, location }]);
      else same.push({ file, location });
    }
  }
  return (finding) => {
    const { file, line, column } = finding;
    const all = places.get(JSON.stringify([realPathOf(file), line, column])) ?? [];
    return all.length > 1 ? all.find(({ location }) => isAt(location, finding)) : all[0];
  };
}

/** An anchor gives several images one position. */
function isAt({ address, field, object }: ImageLocation, { document, pointer, container, name }: FindingRow): boolean {
  if (address.kind === 'text') return true;
  if (field === undefined) return address.pointer.startsWith(`/services/${container}/`);
  return address.document + 1 === document && field === pointer && object?.name === name;
}

async function lookUp(
  locations: readonly ImageLocation[],
  { kustomize }: OpenFiles,
  { config, registryFor, lock, terminal, signal, now }: DigestInput,
): Promise<PinLookup> {
  const lookups = await createLookups({ config, pullSecret: undefined, registryFor, terminal, signal });
  const options = {
    lookups,
    mode: { update: false, platforms: [] },
    lock,
    kustomize,
    leavesOut: () => undefined,
    now: () => now,
  };
  return closeAfter(
    lookUpPins(
      locations.filter((location) => !kustomize.renames.has(location)),
      options,
    ),
    lookups.close,
  );
}

const RENAMES = 'a kustomization renames the image, so the digest belongs to its entry in "images"; run tidewaiter pin';

type DecisionsIn = (file: OpenFile) => ReadonlyMap<ImageLocation, PinDecision>;

/** Writes nothing that a kustomization needs in another file as well. */
function decider(
  { kustomize, options }: OpenFiles,
  chosen: ReadonlySet<ImageLocation>,
  { decide }: PinLookup,
): DecisionsIn {
  const entries = new Set([...kustomize.renames].filter((entry) => decide(entry).state === 'resolved'));
  const isRenamed = (location: ImageLocation): boolean =>
    kustomize.renames.has(location) ||
    (kustomize.builtImagesOf(location) ?? []).some((built) =>
      kustomize.entriesOf(built).some((one) => entries.has(one)),
    );
  const decideOne = (location: ImageLocation): PinDecision => {
    if (!chosen.has(location)) return decideOffline(location);
    return isRenamed(location) ? { ...decideOffline(location), message: RENAMES } : decide(location);
  };
  const known = new Map<OpenFile, ReadonlyMap<ImageLocation, PinDecision>>();
  return (file) => {
    const decisions = known.get(file) ?? pinFile(file, decideOne, options).decisions;
    known.set(file, decisions);
    return decisions;
  };
}

function resultOf(finding: FindingRow, { file, location }: Match, decisionsIn: DecisionsIn): MendResult {
  const { state, digest, message } = decisionsIn(file).get(location) ?? decideOffline(location);
  const { target, address } = location;
  if (state !== 'resolved' || digest === undefined || !target.ok) return refused(finding, message ?? UNREAD);
  const changes =
    address.kind === 'text'
      ? []
      : [address.pointer, ...(address.also ?? [])].map((pointer) => ({ document: address.document, pointer }));
  return { ok: true, mend: { finding, edits: [editOf(target, digest)], changes } };
}
