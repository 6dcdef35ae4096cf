/** The images of files, and the names that rewrites give them at mirrors. */
import type { Config } from '../../../config/config.ts';
import { UserError } from '../../../error/user-error.ts';
import type { ImageLocation } from '../../../pinning/image-location.ts';
import { type MirroredImage, mirroredImages } from '../../../pinning/rewrite/mirror-tags.ts';
import { type NamedImage, namedImages } from '../../../pinning/rewrite/named-images.ts';
import { rewritesImages } from '../../../policy/plan.ts';
import { compose } from '../../../wiring.ts';
import type { PinFlags } from '../flags.ts';
import type { OpenFiles } from '../open-files.ts';
import { hiddenIn, homesOf } from './homes.ts';
import { namespaceLabels } from './policies.ts';

export interface MirroredLocation {
  readonly file: string;
  readonly location: ImageLocation;
  readonly image: MirroredImage;
}

interface MirrorInput {
  readonly config: Config;
  readonly flags: Pick<PinFlags, 'policy' | 'namespace'>;
  readonly signal: AbortSignal;
}

/** Without policies that rewrite, there are none. */
export async function mirroredFiles(
  opened: OpenFiles,
  { config, flags, signal }: MirrorInput,
): Promise<readonly MirroredLocation[]> {
  if (config.policies.length === 0) return [];
  const { policies } = (await compose(config)).context;
  if (!rewritesImages(policies)) {
    if (flags.policy === undefined) return [];
    throw new UserError(
      `--policy: no policy in ${config.policies.join(', ')} has "rewrite" entries; drift does not depend on other policies`,
    );
  }
  const scopes = { policies, kinds: config.kinds, namespace: flags.namespace ?? 'default' };
  const labelsOf = await namespaceLabels(opened, { ...scopes, signal });
  return imagesIn(opened).flatMap(({ file, location, named }) =>
    mirroredImages(named, { ...scopes, labelsOf }).map((image) => ({ file, location, image })),
  );
}

interface PlacedImage extends Pick<MirroredLocation, 'file' | 'location'> {
  readonly named: NamedImage;
}

/** An image of a kustomization is where its name is written, or where it comes from, if the user named only this file. */
function imagesIn(opened: OpenFiles): readonly PlacedImage[] {
  const { files, kustomize } = opened;
  const { given } = homesOf(opened);
  const locations = files.flatMap((file) => file.found.locations.filter((one) => !kustomize.renames.has(one)));
  const images = namedImages(locations, { builtNames: kustomize.builtNames, hidden: hiddenIn(opened) });
  return images.flatMap((named) => {
    const location = [named.place, named.origin].find((one) => given(one) !== undefined);
    const file = location && given(location)?.file;
    return location === undefined || file === undefined ? [] : [{ file, location, named }];
  });
}
