/** Decides about the names and the digests of all images, with the lookups that they need. */
import type { Config } from '../../config/config.ts';
import { UserError } from '../../error/user-error.ts';
import { parsePattern, patternSet } from '../../image/pattern.ts';
import { quoteValue } from '../../image/quote.ts';
import type { ImageReference } from '../../image/reference.ts';
import type { ImageLocation } from '../../pinning/image-location.ts';
import { type Lock, lockKey } from '../../pinning/lock.ts';
import { decisionAt, planOffline } from '../../pinning/plan.ts';
import { tagLookup } from '../../pinning/reference-lookup.ts';
import type { Policy } from '../../policy/policy.ts';
import { parseNodePlatform, PLATFORM_FORM } from '../../policy/rules/platforms.ts';
import type { PinErrorRow } from '../../report/pin.ts';
import { closeAfter } from '../close-after.ts';
import type { Parts, PinFlags, PinParts } from './flags.ts';
import type { OpenFiles } from './open-files.ts';
import { lockedTags, lookUpPins, type PinLookup } from './pin-lookups.ts';
import { checkedFiles, type NamedAndPinned, pinnedFiles } from './pinned-files.ts';
import { createLookups, offlineRegistry, type RegistryLookups } from './registry-lookups.ts';
import { withOneLookup } from './rewrite/one-lookup.ts';
import { namespaceLabels } from './rewrite/policies.ts';
import { rewriteNames, type RewrittenNames } from './rewrite/rewrite-names.ts';

export interface LookupInput {
  readonly flags: PinFlags;
  readonly config: Config;
  /** undefined: without --rewrite. */
  readonly policies: readonly Policy[] | undefined;
  readonly lock: Lock;
}

export interface Decided {
  readonly pinned: readonly NamedAndPinned[];
  readonly lock: Lock;
  readonly notices: readonly PinErrorRow[];
}

/** Names first, then digests. */
export async function decideFiles(given: OpenFiles, input: LookupInput, parts: Parts): Promise<Decided> {
  const { flags, policies, lock } = input;
  if (flags.check && policies === undefined)
    return { pinned: pinnedFiles(given, undefined, offlineDecisions(given)), lock, notices: [] };
  const lookups = withOneLookup(await lookupsFor(input, parts));
  return closeAfter(
    (async (): Promise<Decided> => {
      const names = policies && (await namesOf(given, { ...input, policies }, lookups));
      const notices = names?.notices ?? [];
      if (flags.check && names !== undefined)
        return { pinned: checkedFiles(given, names, offlineDecisions(given)), lock, notices };
      const lookup = await digestsOf(names?.opened ?? given, { ...input, lookups, names, now: parts.now });
      return { pinned: pinnedFiles(given, names, lookup.decide), lock: lookup.lock, notices };
    })(),
    lookups.close,
  );
}

/** Opens no registry before the first lookup. */
export function lookupsFor(
  { flags, config }: Pick<LookupInput, 'flags' | 'config'>,
  parts: Parts,
): Promise<RegistryLookups> {
  const registryFor = flags.offline ? offlineRegistry : parts.registryFor;
  return createLookups({ ...parts, registryFor, config, pullSecret: flags.pullSecret });
}

async function namesOf(
  given: OpenFiles,
  { flags, config, policies, lock }: LookupInput & { readonly policies: readonly Policy[] },
  lookups: RegistryLookups,
): Promise<RewrittenNames> {
  const scopes = { policies, kinds: config.kinds, namespace: flags.namespace ?? 'default' };
  const labelsOf = await namespaceLabels(given, { ...scopes, signal: lookups.signal });
  const locked = lockedTags(flags.update ? new Map() : lock);
  return rewriteNames(given, { ...scopes, labelsOf, lookups, locked, selects: selectionOf(flags.only) });
}

function offlineDecisions({ files, kustomize }: OpenFiles): PinLookup['decide'] {
  const plan = planOffline(
    withoutRenames([...files.flatMap((file) => file.locations), ...kustomize.others], kustomize),
    kustomize,
  );
  return (location) => decisionAt(plan, location).decision;
}

function withoutRenames(
  locations: readonly ImageLocation[],
  { renames }: OpenFiles['kustomize'],
): readonly ImageLocation[] {
  return locations.filter((location) => !renames.has(location));
}

interface DigestsInput extends LookupInput {
  readonly lookups: RegistryLookups;
  readonly names: RewrittenNames | undefined;
  readonly now: PinParts['now'];
}

function digestsOf(
  { files, kustomize }: OpenFiles,
  { flags, lock, lookups, names, now = Date.now }: DigestsInput,
): Promise<PinLookup> {
  const { maxAge, minAge } = flags;
  const mode = { update: flags.update ?? false, platforms: (flags.platform ?? []).map(platformOf) };
  const locations = withoutRenames([...files.flatMap((file) => file.locations), ...kustomize.others], kustomize);
  const leavesOut = leftOutBy(flags, lock, names);
  return lookUpPins(locations, { lookups, mode, maxAge, minAge, lock, kustomize, leavesOut, now });
}

function leftOutBy(
  { only, offline }: PinFlags,
  lock: Lock,
  names: RewrittenNames | undefined,
): (reference: ImageReference) => string | undefined {
  const selects = selectionOf(only);
  return (reference) => {
    if (!selects(reference) && names?.isNew(reference) !== true) return UNSELECTED;
    const tag = offline ? tagLookup(reference) : undefined;
    return tag !== undefined && !lock.has(lockKey(tag.reference)) ? NOT_QUERIED : undefined;
  };
}

const UNSELECTED = 'no pattern of --only matches the image';
const NOT_QUERIED = 'no registry is queried with --offline';

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
