/** `tidewaiter pin`: writes digests, and with `--rewrite` names, into files, or prints the diff. */
import { setImmediate } from 'node:timers/promises';
import { withName } from '../../files/splice.ts';
import { writeInput } from '../../files/write-input.ts';
import { UserError } from '../../error/user-error.ts';
import { commandLine, type FileEdits, NOT_PRINTED } from '../../report/diff.ts';
import { formatReport } from '../../report/index.ts';
import { paint } from '../../report/paint.ts';
import {
  mergeUses,
  type NewName,
  type PinAction,
  type PinErrorRow,
  type PinFileRow,
  pinExitCode,
  type PinRow,
  type PinReport,
  pinRow,
} from '../../report/pin.ts';
import { changesIn, type PinChange } from '../../report/pin-changes.ts';
import type { ImageLocation } from '../../pinning/image-location.ts';
import { closeAfter } from '../close-after.ts';
import { configured } from '../configured.ts';
import { rulesFor, skipForeign } from '../input-files.ts';
import { interruptible } from '../interrupt.ts';
import { print, type Terminal } from '../terminal.ts';
import { decideFiles, type LookupInput, lookupsFor } from './decisions.ts';
import { digestDetails } from './digest-details.ts';
import type { Parts, PinFlags, PinParts } from './flags.ts';
import { diffPath, fileRow, isOutside, OUTSIDE, openFiles } from './open-files.ts';
import type { NamedAndPinned } from './pinned-files.ts';
import { openLock, savedLock } from './pin-lock.ts';
import { rewritingPolicies } from './rewrite/policies.ts';
import type { NameDecision } from './rewrite/rewrite-names.ts';
import { unnamedNotices, unnamedRows } from './unnamed-files.ts';

export function pin(paths: readonly string[], flags: PinFlags, parts: PinParts): Promise<number> {
  if (flags.write && paths.includes('-')) throw new UserError('--write cannot be used with "-" (standard input)');
  for (const [option, limit] of [['--max-age', flags.maxAge] as const, ['--min-age', flags.minAge] as const])
    if (limit !== undefined && !flags.update)
      throw new UserError(`${option} requires --update; without it, digests stay as they are`);
  requireRewrite(flags);
  return interruptible((signal) => pinUntil(paths, flags, { ...parts, signal }));
}

function requireRewrite({ rewrite, policy, plugin, namespace, offline, lock }: PinFlags): void {
  if (rewrite) return;
  for (const [option, value] of Object.entries({ '--policy': policy, '--plugin': plugin, '--namespace': namespace }))
    if (value !== undefined) throw new UserError(`${option} requires --rewrite; digests do not depend on policies`);
  if (offline && lock === undefined)
    throw new UserError('--offline requires --rewrite or --lock; other digests are only in registries');
}

async function pinUntil(paths: readonly string[], flags: PinFlags, parts: Parts): Promise<number> {
  const { terminal, signal } = parts;
  const { policy, plugin } = flags;
  const { config } = await configured({ config: flags.config, policy, plugin }, terminal);
  const policies = flags.rewrite ? await rewritingPolicies(config) : undefined;
  const options = {
    kinds: config.kinds,
    helmImages: flags.helmImage ?? [],
    rulesFor: await rulesFor(config, flags),
    skipForeign: skipForeign(flags),
  };
  const action = actionOf(flags);
  const before = openLock(flags.lock);
  const given = await openFiles(paths, options, terminal);
  const input = { flags, config, policies, lock: before.lock };
  const { pinned, lock, notices } = await decideFiles(given, input, parts);
  const { rows, errors: notWritten } = flags.write
    ? await writeAll(pinned, { paths, signal })
    : unwritten(pinned, printsDiff(flags, terminal));
  const failures = flags.write && flags.lock !== undefined ? savedLock(flags.lock, before.text, lock) : [];
  const report: PinReport = {
    version: 1,
    files: [...rows, ...given.unread],
    images: mergeUses([...pinned.flatMap(rowsOf), ...unnamedRows(given.kustomize, flags)]),
    errors: [...given.errors, ...notWritten, ...failures],
    notices: [
      ...given.notices,
      ...notices,
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

function editsIn({ opened: { file, text }, result: { edits } }: NamedAndPinned): FileEdits {
  return { file: diffPath(file), text, edits };
}

/** Files with a diff that would run commands in the log of a pipeline. */
function unprinted(pinned: readonly NamedAndPinned[]): readonly PinErrorRow[] {
  return pinned.flatMap((one) => {
    const line = commandLine(editsIn(one));
    return line === undefined ? [] : [{ file: one.opened.file, line, column: 1, message: NOT_PRINTED }];
  });
}

async function changesOf(
  report: PinReport,
  input: Pick<LookupInput, 'flags' | 'config'>,
  parts: Parts,
): Promise<readonly PinChange[]> {
  if (changesIn(report, new Map()).length === 0) return [];
  const lookups = await lookupsFor(input, parts);
  return changesIn(report, await closeAfter(digestDetails(report, lookups), lookups.close));
}

function actionOf({ write, check }: PinFlags): PinAction {
  return write ? 'write' : check ? 'check' : 'diff';
}

function rowsOf({ opened, decisions, names }: NamedAndPinned): readonly PinRow[] {
  return [...decisions].map(([location, decision]) =>
    pinRow(opened.file, location, decision, newName(location, names.get(location))),
  );
}

function newName({ image }: ImageLocation, name: NameDecision | undefined): NewName | undefined {
  return name?.state === 'rewritten' ? { image: withName(image, name.to), policy: name.policy } : undefined;
}

/** With --write, a missing lock file is created. */
function noLockNotices(lock: string | undefined, text: string | undefined): readonly PinErrorRow[] {
  if (lock === undefined || text !== undefined) return [];
  const message = 'the lock file does not exist (set by --lock), so each tag is looked up; --write creates it';
  return [{ file: lock, line: null, column: null, message }];
}

function outside(pinned: readonly NamedAndPinned[]): readonly PinErrorRow[] {
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

function unwritten(pinned: readonly NamedAndPinned[], isPrinted: boolean): WriteResult {
  const rows = pinned.map(({ opened, result }) => {
    const row = fileRow(opened);
    return result.text === opened.text ? row : { ...row, state: 'change' as const };
  });
  return { rows, errors: isPrinted ? unprinted(pinned) : [] };
}

/** Writes one file after the other. Ctrl-C never leaves a partly written file. */
async function writeAll(
  pinned: readonly NamedAndPinned[],
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
