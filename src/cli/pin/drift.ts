/**
 * `tidewaiter drift`: pinned images whose tag has moved or whose digest no longer exists, and tags that have another digest at a mirror.
 */
import type { TagFacts } from '../../pinning/decide.ts';
import { decideDrift, driftLookups, pinnedAt, type PinnedReference } from '../../pinning/drift.ts';
import { decideMirror, mirrorLookups } from '../../pinning/rewrite/mirror-tags.ts';
import type { ReferenceLookup } from '../../pinning/reference-lookup.ts';
import type { RegistryFact, RegistryImage } from '../../policy/registry-fact.ts';
import { quoteValue } from '../../image/quote.ts';
import { formatReport } from '../../report/index.ts';
import { paint } from '../../report/paint.ts';
import { type DriftReport, driftExitCode, driftRow, mergeUses, mirrorRow, type PinErrorRow } from '../../report/pin.ts';
import { print } from '../terminal.ts';
import { configured } from '../configured.ts';
import { byKey, createLookups, lookUpAll } from './registry-lookups.ts';
import { rulesFor } from '../input-files.ts';
import { interruptible } from '../interrupt.ts';
import type { PinFlags, PinParts } from './flags.ts';
import { fileRow, type OpenFile, type OpenFiles, openFiles } from './open-files.ts';
import { mirroredFiles, type MirroredLocation } from './rewrite/mirrored-files.ts';
import { closeAfter } from '../close-after.ts';

export type DriftFlags = Pick<
  PinFlags,
  'config' | 'policy' | 'plugin' | 'namespace' | 'pullSecret' | 'helmImage' | 'output' | 'ignore'
>;

export function drift(paths: readonly string[], flags: DriftFlags, parts: PinParts): Promise<number> {
  return interruptible((signal) => driftUntil(paths, flags, { ...parts, signal }));
}

async function driftUntil(
  paths: readonly string[],
  flags: DriftFlags,
  parts: PinParts & { readonly signal: AbortSignal },
): Promise<number> {
  const { terminal, signal } = parts;
  const { policy, plugin } = flags;
  const { config } = await configured({ config: flags.config, policy, plugin }, terminal);
  const options = {
    kinds: config.kinds,
    helmImages: flags.helmImage ?? [],
    rulesFor: await rulesFor(config, flags),
  };
  const opened = await openFiles(paths, options, terminal);
  const pinned = pinnedIn(opened);
  const mirrored = await mirroredFiles(opened, { config, flags, signal });
  const lookups = await createLookups({ ...parts, config, pullSecret: flags.pullSecret });
  const wanted = byKey([
    ...pinned.flatMap(({ reference }) => driftLookups(reference)),
    ...mirrored.flatMap(({ image }) => mirrorLookups(image)),
  ]);
  const lookUp = ({ reference }: ReferenceLookup): Promise<RegistryFact<RegistryImage>> =>
    lookups.registry().resolve(reference, signal);
  const facts = await closeAfter(lookUpAll(wanted, lookUp, lookups), lookups.close);
  const report = reportOf(opened, { pinned, mirrored, facts });
  print(await formatReport('drift', flags.output, { report, ink: paint(terminal.colors) }), terminal);
  return driftExitCode(report);
}

interface PinnedLocation extends Pick<MirroredLocation, 'file' | 'location'> {
  readonly reference: PinnedReference;
}

function pinnedIn({ files, kustomize }: OpenFiles): readonly PinnedLocation[] {
  return files.flatMap(({ file, locations }) =>
    locations.flatMap((location) => pinnedAt(location, kustomize).map((reference) => ({ file, location, reference }))),
  );
}

interface Compared {
  readonly pinned: readonly PinnedLocation[];
  readonly mirrored: readonly MirroredLocation[];
  readonly facts: TagFacts;
}

function reportOf({ files, unread, errors, notices }: OpenFiles, { pinned, mirrored, facts }: Compared): DriftReport {
  return {
    version: 1,
    files: [...files.map(fileRow), ...unread],
    images: mergeUses(
      pinned.map(({ file, location, reference }) =>
        driftRow(
          file,
          { ...location, image: reference.reference.text },
          { digest: reference.digest, decision: decideDrift(reference, facts) },
        ),
      ),
    ),
    mirrors: mergeUses(
      mirrored.map(({ file, location, image }) =>
        mirrorRow(file, location, { image, decision: decideMirror(image, facts) }),
      ),
    ),
    errors: [...errors, ...files.flatMap(unreadImages)],
    notices,
  };
}

/** An image that cannot be read can have a digest, and a name at a mirror. */
function unreadImages({ file, locations }: OpenFile): readonly PinErrorRow[] {
  return locations.flatMap(({ content, image, line, column }) => {
    if (content.state !== 'problem') return [];
    const message = `cannot determine whether image ${quoteValue(image)} has drifted: ${content.problem}`;
    return [{ file, line, column, message }];
  });
}
