/**
 * `tidewaiter drift`: pinned images whose tag has moved or whose digest no longer exists, and tags that have another digest at a mirror.
 */
import { decideDrift, driftLookups, pinnedAt } from '../../pinning/drift.ts';
import { decideMirror, mirrorLookups } from '../../pinning/rewrite/mirror-tags.ts';
import type { ReferenceLookup } from '../../pinning/reference-lookup.ts';
import type { RegistryFact, RegistryImage } from '../../policy/registry-fact.ts';
import { formatReport } from '../../report/index.ts';
import { paint } from '../../report/paint.ts';
import { type DriftReport, driftExitCode, driftRow, mergeUses, mirrorRow } from '../../report/pin.ts';
import { print } from '../terminal.ts';
import { configured } from '../configured.ts';
import { byKey, createLookups, lookUpAll } from './registry-lookups.ts';
import { rulesFor } from '../input-files.ts';
import { interruptible } from '../interrupt.ts';
import type { PinFlags, PinParts } from './flags.ts';
import { fileRow, openFiles } from './open-files.ts';
import { mirroredFiles } from './rewrite/mirrored-files.ts';
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
  const { files, unread, errors, notices, kustomize } = opened;
  const pinned = files.flatMap(({ file, locations }) =>
    locations.flatMap((location) => pinnedAt(location, kustomize).map((reference) => ({ file, location, reference }))),
  );
  const mirrored = await mirroredFiles(opened, { config, flags, signal });
  const lookups = await createLookups({ ...parts, config, pullSecret: flags.pullSecret });
  const wanted = byKey([
    ...pinned.flatMap(({ reference }) => driftLookups(reference)),
    ...mirrored.flatMap(({ image }) => mirrorLookups(image)),
  ]);
  const lookUp = ({ reference }: ReferenceLookup): Promise<RegistryFact<RegistryImage>> =>
    lookups.registry().resolve(reference, signal);
  const facts = await closeAfter(lookUpAll(wanted, lookUp, lookups), lookups.close);
  const report: DriftReport = {
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
    errors,
    notices,
  };
  print(await formatReport('drift', flags.output, { report, ink: paint(terminal.colors) }), terminal);
  return driftExitCode(report);
}
