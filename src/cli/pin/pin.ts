/** `tidewaiter pin`: writes digests into files, or prints the diff. */
import { setImmediate } from 'node:timers/promises';
import { type Config } from '../../config/config.ts';
import { writeInput } from '../../files/write-input.ts';
import { planOffline, decisionAt } from '../../pinning/plan.ts';
import type { AgeLimit } from '../../pinning/ages.ts';
import type { Lock } from '../../pinning/lock.ts';
import { PLATFORM_FORM, parseNodePlatform } from '../../policy/rules/platforms.ts';
import { commandLine, type FileEdits, NOT_PRINTED } from '../../report/diff.ts';
import { type FormatName, formatReport } from '../../report/index.ts';
import { paint } from '../../report/paint.ts';
import {
  mergeUses,
  type PinAction,
  type PinErrorRow,
  type PinFileRow,
  pinExitCode,
  type PinRow,
  type PinReport,
  pinRow,
} from '../../report/pin.ts';
import { parsePattern, patternSet } from '../../image/pattern.ts';
import type { ImageReference } from '../../image/reference.ts';
import { changesIn, type PinChange } from '../../report/pin-changes.ts';
import type { PinGrouping } from '../../report/pin-groups.ts';
import { quoteValue } from '../../image/quote.ts';
import { configured } from '../configured.ts';
import { type ForeignFlags, type IgnoreFlags, rulesFor, skipForeign } from '../input-files.ts';
import { interruptible } from '../interrupt.ts';
import { diffPath, fileRow, isOutside, type OpenFiles, OUTSIDE, openFiles } from './open-files.ts';
import { type PinnedFile, pinFile } from './pin-file.ts';
import { openLock, savedLock } from './pin-lock.ts';
import { digestDetails } from './digest-details.ts';
import { lookUpPins, type PinLookup } from './pin-lookups.ts';
import { unnamedNotices, unnamedRows } from './unnamed-files.ts';
import { createLookups, type RegistryFor } from './registry-lookups.ts';
import { print, type Terminal } from '../terminal.ts';
import { UserError } from '../../error/user-error.ts';
import { closeAfter } from '../close-after.ts';
import { withLittleMemory } from '../little-memory.ts';

export interface PinFlags extends ForeignFlags, IgnoreFlags {
  readonly config?: string | undefined;
  readonly write?: boolean | undefined;
  readonly check?: boolean | undefined;
  readonly update?: boolean | undefined;
  readonly lock?: string | undefined;
  /** The age of an image above which its digest is updated. */
  readonly maxAge?: AgeLimit | undefined;
  /** The age that the image of a new digest must have. */
  readonly minAge?: AgeLimit | undefined;
  /** Image patterns; other images stay as they are. */
  readonly only?: readonly string[] | undefined;
  readonly platform?: readonly string[] | undefined;
  readonly pullSecret?: readonly string[] | undefined;
  readonly helmImage?: readonly string[] | undefined;
  /** How the changelog of `-o markdown` is grouped. */
  readonly group?: PinGrouping | undefined;
  readonly output: FormatName<'pin'>;
}

export interface PinParts {
  readonly terminal: Terminal;
  readonly registryFor: RegistryFor;
  /** Milliseconds since 1970. */
  readonly now?: (() => number) | undefined;
}

export function pin(paths: readonly string[], flags: PinFlags, parts: PinParts): Promise<number> {
  if (flags.write && paths.includes('-')) throw new UserError('--write cannot be used with "-" (standard input)');
  for (const [option, limit] of [['--max-age', flags.maxAge] as const, ['--min-age', flags.minAge] as const])
    if (limit !== undefined && !flags.update)
      throw new UserError(`${option} requires --update; without it, digests stay as they are`);
  return interruptible((signal) => pinUntil(paths, flags, { ...parts, signal }));
}

interface Parts extends PinParts {
  readonly signal: AbortSignal;
}

async function pinUntil(paths: readonly string[], flags: PinFlags, parts: Parts): Promise<number> {
  const { terminal, signal } = parts;
  const { config } = await configured({ config: flags.config }, terminal);
  const options = {
    kinds: config.kinds,
    helmImages: flags.helmImage ?? [],
    rulesFor: await rulesFor(config, flags),
    skipForeign: skipForeign(flags),
  };
  const action = actionOf(flags);
  const before = openLock(flags.lock);
  const given = await withLittleMemory(() => openFiles(paths, options, terminal));
  const lookup = await lookupFor(given, { flags, config, lock: before.lock }, parts);
  const pinned = given.files.map((file) => pinFile(file, lookup.decide, given.options));
  const { rows, errors: notWritten } = flags.write
    ? await writeAll(pinned, { paths, signal })
    : unwritten(pinned, printsDiff(flags, terminal));
  const failures = flags.write && flags.lock !== undefined ? savedLock(flags.lock, before.text, lookup.lock) : [];
  const report: PinReport = {
    version: 1,
    files: [...rows, ...given.unread],
    images: mergeUses([...pinned.flatMap(rowsOf), ...unnamedRows(given.kustomize, flags)]),
    errors: [...given.errors, ...notWritten, ...failures],
    notices: [
      ...given.notices,
      ...unnamedNotices(given.kustomize, flags),
      ...(flags.write ? [] : [...outside(pinned), ...noLockNotices(flags.lock, before.text)]),
    ],
  };
  const edited = (): readonly FileEdits[] => pinned.map(editsIn);
  const changes = (): ReturnType<typeof changesOf> => changesOf(report, { flags, config }, parts);
  const markdown = { group: flags.group, now: (parts.now ?? Date.now)() };
  const view = { report, action, edited, changes, markdown, ink: paint(terminal.colors) };
  print(await formatReport('pin', flags.output, view), terminal);
  return signal.aborted ? 2 : pinExitCode(report, action);
}

function editsIn({ opened: { file, text }, result: { edits } }: PinnedFile): FileEdits {
  return { file: diffPath(file), text, edits };
}

/** Files with a diff that would run commands in the log of a pipeline. */
function unprinted(pinned: readonly PinnedFile[]): readonly PinErrorRow[] {
  return pinned.flatMap((one) => {
    const line = commandLine(editsIn(one));
    return line === undefined ? [] : [{ file: one.opened.file, line, column: 1, message: NOT_PRINTED }];
  });
}

async function changesOf(
  report: PinReport,
  { flags, config }: Pick<LookupInput, 'flags' | 'config'>,
  parts: Parts,
): Promise<readonly PinChange[]> {
  if (changesIn(report, new Map()).length === 0) return [];
  const lookups = await createLookups({ ...parts, config, pullSecret: flags.pullSecret });
  return changesIn(report, await closeAfter(digestDetails(report, lookups), lookups.close));
}

function actionOf({ write, check }: PinFlags): PinAction {
  return write ? 'write' : check ? 'check' : 'diff';
}

function rowsOf({ opened, decisions }: PinnedFile): readonly PinRow[] {
  return [...decisions].map(([location, decision]) => pinRow(opened.file, location, decision));
}

interface LookupInput {
  readonly flags: PinFlags;
  readonly config: Config;
  readonly lock: Lock;
}

async function lookupFor(
  { files, kustomize }: OpenFiles,
  { flags, config, lock }: LookupInput,
  parts: Parts,
): Promise<PinLookup> {
  const { maxAge, minAge } = flags;
  const mode = { update: flags.update ?? false, platforms: (flags.platform ?? []).map(platformOf) };
  const locations = [...files.flatMap((file) => file.locations), ...kustomize.others].filter(
    (location) => !kustomize.renames.has(location),
  );
  if (flags.check) {
    const decided = planOffline(locations, kustomize);
    return { decide: (location) => decisionAt(decided, location).decision, lock };
  }
  const lookups = await createLookups({ ...parts, config, pullSecret: flags.pullSecret });
  const selects = selectionOf(flags.only);
  const options = { lookups, mode, maxAge, minAge, lock, kustomize, selects, now: parts.now ?? Date.now };
  return closeAfter(lookUpPins(locations, options), lookups.close);
}

function selectionOf(only: readonly string[] | undefined): (reference: ImageReference) => boolean {
  if (only === undefined) return () => true;
  const patterns = patternSet(
    only.map((text) => {
      const parsed = parsePattern(text);
      if (!parsed.ok) throw new UserError(`--only: ${parsed.problem}`);
      return parsed.pattern;
    }),
  );
  return (reference) => patterns.match(reference) !== undefined;
}

function platformOf(text: string): ReturnType<typeof parseNodePlatform> & object {
  const platform = parseNodePlatform(text);
  if (platform === undefined) throw new UserError(`--platform: expected ${PLATFORM_FORM}, found ${quoteValue(text)}`);
  return platform;
}

/** With --write, a missing lock file is created. */
function noLockNotices(lock: string | undefined, text: string | undefined): readonly PinErrorRow[] {
  if (lock === undefined || text !== undefined) return [];
  const message = 'the lock file does not exist (set by --lock), so each tag is looked up; --write creates it';
  return [{ file: lock, line: null, column: null, message }];
}

function outside(pinned: readonly PinnedFile[]): readonly PinErrorRow[] {
  return pinned
    .filter(({ opened, result }) => result.text !== opened.text && isOutside(diffPath(opened.file)))
    .map(({ opened: { file } }) => ({ file, line: null, column: null, message: OUTSIDE }));
}

interface WriteResult {
  readonly rows: readonly PinFileRow[];
  readonly errors: readonly PinErrorRow[];
}

/** In colors, a diff is for people, and has no commands. */
function printsDiff(flags: PinFlags, { colors }: Terminal): boolean {
  return actionOf(flags) === 'diff' && flags.output === 'pretty' && !colors;
}

function unwritten(pinned: readonly PinnedFile[], isPrinted: boolean): WriteResult {
  const rows = pinned.map(({ opened, result }) => {
    const row = fileRow(opened);
    return result.text === opened.text ? row : { ...row, state: 'change' as const };
  });
  return { rows, errors: isPrinted ? unprinted(pinned) : [] };
}

/** Writes one file after the other. Ctrl-C never leaves a partly written file. */
async function writeAll(
  pinned: readonly PinnedFile[],
  { paths, signal }: { readonly paths: readonly string[]; readonly signal: AbortSignal },
): Promise<WriteResult> {
  const rows: PinFileRow[] = [];
  const errors: PinErrorRow[] = [];
  for (const { opened, result } of pinned) {
    const row = fileRow(opened);
    if (result.text === opened.text) {
      rows.push(row);
      continue;
    }
    await setImmediate();
    const { file, text: before } = opened;
    const written = signal.aborted ? INTERRUPTED : writeInput(file, { before, after: result.text, paths });
    rows.push(written.ok ? { ...row, state: 'changed' } : { ...row, state: 'failed', message: written.problem });
    if (!written.ok) errors.push({ file, line: null, column: null, message: written.problem });
  }
  return { rows, errors };
}

const INTERRUPTED = { ok: false, problem: 'interrupted before it was written' } as const;
