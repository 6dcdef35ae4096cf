/** `tidewaiter pin`: writes digests into files, or prints the diff. */
import { setImmediate } from 'node:timers/promises';
import { type Config } from '../../config/config.ts';
import { loadLock, saveLock } from '../../files/lock-file.ts';
import { replaceFile } from '../../files/replace-file.ts';
import type { FindOptions } from '../../files/image-locations/format.ts';
import { type SpliceResult, splice } from '../../files/splice.ts';
import { failed, type PinDecision } from '../../pinning/decide.ts';
import { planOffline, decisionAt } from '../../pinning/plan.ts';
import type { ImageLocation } from '../../pinning/image-location.ts';
import type { Lock } from '../../pinning/lock.ts';
import { PLATFORM_FORM, parseNodePlatform } from '../../policy/rules/platforms.ts';
import type { FileEdits } from '../../report/diff.ts';
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
import { quoteValue } from '../../image/quote.ts';
import { configured } from '../configured.ts';
import { interruptible } from '../interrupt.ts';
import { diffPath, fileRow, isOutside, type OpenFile, type OpenFiles, openFiles } from './open-files.ts';
import { lookUpPins, type PinLookup } from './pin-lookups.ts';
import { unnamedNotices, unnamedRows } from './unnamed-files.ts';
import { createLookups, type RegistryFor } from './registry-lookups.ts';
import { print, type Terminal } from '../terminal.ts';
import { UserError } from '../../error/user-error.ts';
import { closeAfter } from '../close-after.ts';

export interface PinFlags {
  readonly config?: string | undefined;
  readonly write?: boolean | undefined;
  readonly check?: boolean | undefined;
  readonly update?: boolean | undefined;
  readonly lock?: string | undefined;
  readonly platform?: readonly string[] | undefined;
  readonly pullSecret?: readonly string[] | undefined;
  readonly helmImage?: readonly string[] | undefined;
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
  return interruptible((signal) => pinUntil(paths, flags, { ...parts, signal }));
}

interface Parts extends PinParts {
  readonly signal: AbortSignal;
}

async function pinUntil(paths: readonly string[], flags: PinFlags, parts: Parts): Promise<number> {
  const { terminal, signal } = parts;
  const { config } = await configured({ config: flags.config }, terminal);
  const options: FindOptions = { kinds: config.kinds, helmImages: flags.helmImage ?? [] };
  const action = actionOf(flags);
  const before = lockOf(flags.lock);
  const given = await openFiles(paths, options, terminal);
  const lookup = await lookupFor(given, { flags, config, lock: before.lock }, parts);
  const pinned = given.files.map((file) => pinFile(file, lookup.decide, given.options));
  const { rows, errors: notWritten } = flags.write ? await writeAll(pinned, signal) : unwritten(pinned);
  const failures = flags.write && flags.lock !== undefined ? saved(flags.lock, before.text, lookup.lock) : [];
  const report: PinReport = {
    version: 1,
    files: rows,
    images: mergeUses([...pinned.flatMap(rowsOf), ...unnamedRows(given.kustomize, flags)]),
    errors: [...given.errors, ...notWritten, ...failures],
    notices: [
      ...given.notices,
      ...unnamedNotices(given.kustomize, flags),
      ...(flags.write ? [] : [...outside(pinned), ...noLockNotices(flags.lock, before.text)]),
    ],
  };
  const edited = (): readonly FileEdits[] =>
    pinned.map(({ opened: { file, text }, result: { edits } }) => ({ file: diffPath(file), text, edits }));
  print(await formatReport('pin', flags.output, { report, action, edited, ink: paint(terminal.colors) }), terminal);
  return signal.aborted ? 2 : pinExitCode(report, action);
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
  const mode = { update: flags.update ?? false, platforms: (flags.platform ?? []).map(platformOf) };
  const locations = [...files.flatMap((file) => file.locations), ...kustomize.others].filter(
    (location) => !kustomize.renames.has(location),
  );
  if (flags.check) {
    const decided = planOffline(locations, kustomize);
    return { decide: (location) => decisionAt(decided, location).decision, lock };
  }
  const lookups = await createLookups({ ...parts, config, pullSecret: flags.pullSecret });
  const options = { lookups, mode, lock, kustomize, now: parts.now ?? Date.now };
  return closeAfter(lookUpPins(locations, options), lookups.close);
}

function saved(file: string, before: string | undefined, lock: Lock): readonly PinErrorRow[] {
  const result = saveLock(file, before, lock);
  return result.ok ? [] : [{ file, line: null, column: null, message: result.problem }];
}

function platformOf(text: string): ReturnType<typeof parseNodePlatform> & object {
  const platform = parseNodePlatform(text);
  if (platform === undefined) throw new UserError(`--platform: expected ${PLATFORM_FORM}, found ${quoteValue(text)}`);
  return platform;
}

function lockOf(file: string | undefined): Extract<ReturnType<typeof loadLock>, { readonly ok: true }> {
  if (file === undefined) return { ok: true, lock: new Map(), text: undefined };
  const loaded = loadLock(file);
  if (!loaded.ok) throw new UserError(loaded.problems.join('\n'));
  return loaded;
}

/** With --write, a missing lock file is created. */
function noLockNotices(lock: string | undefined, text: string | undefined): readonly PinErrorRow[] {
  if (lock === undefined || text !== undefined) return [];
  const message = 'the lock file does not exist (set by --lock), so each tag is looked up; --write creates it';
  return [{ file: lock, line: null, column: null, message }];
}

interface PinnedFile {
  readonly opened: OpenFile;
  readonly decisions: ReadonlyMap<ImageLocation, PinDecision>;
  readonly result: SpliceResult;
}

function pinFile(opened: OpenFile, decide: (location: ImageLocation) => PinDecision, options: FindOptions): PinnedFile {
  const { file, text, found, locations } = opened;
  const decisions = new Map(locations.map((location) => [location, decide(location)]));
  const changes = [...decisions].flatMap(([location, { state, digest }]) =>
    digest !== undefined && (state === 'resolved' || state === 'drifted') ? [{ location, digest }] : [],
  );
  const result = splice({ file, text, locations: found.locations }, changes, options);
  for (const [location, why] of result.omitted) decisions.set(location, failed(location.image, why));
  return { opened, decisions, result };
}

function outside(pinned: readonly PinnedFile[]): readonly PinErrorRow[] {
  const message =
    'the file is outside the current directory, so "git apply" rejects its diff; run tidewaiter in a directory that contains the file, or use --write';
  return pinned
    .filter(({ opened, result }) => result.text !== opened.text && isOutside(diffPath(opened.file)))
    .map(({ opened: { file } }) => ({ file, line: null, column: null, message }));
}

interface WriteResult {
  readonly rows: readonly PinFileRow[];
  readonly errors: readonly PinErrorRow[];
}

function unwritten(pinned: readonly PinnedFile[]): WriteResult {
  const rows = pinned.map(({ opened, result }) => {
    const row = fileRow(opened);
    return result.text === opened.text ? row : { ...row, state: 'change' as const };
  });
  return { rows, errors: [] };
}

/** Writes one file after the other. Ctrl-C never leaves a partly written file. */
async function writeAll(pinned: readonly PinnedFile[], signal: AbortSignal): Promise<WriteResult> {
  const rows: PinFileRow[] = [];
  const errors: PinErrorRow[] = [];
  for (const { opened, result } of pinned) {
    const row = fileRow(opened);
    if (result.text === opened.text) {
      rows.push(row);
      continue;
    }
    await setImmediate();
    const { file } = opened;
    const written = signal.aborted ? INTERRUPTED : replaceFile(file, opened.text, result.text);
    rows.push(written.ok ? { ...row, state: 'changed' } : { ...row, state: 'failed', message: written.problem });
    if (!written.ok) errors.push({ file, line: null, column: null, message: written.problem });
  }
  return { rows, errors };
}

const INTERRUPTED = { ok: false, problem: 'interrupted before it was written' } as const;
